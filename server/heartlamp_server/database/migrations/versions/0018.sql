-- phone: what a phone sends carries an id that was made there; sent again it is answered again, and done once.
CREATE TABLE phone_act (
    id text PRIMARY KEY,
    person text NOT NULL,
    incident text NOT NULL REFERENCES incident,
    asked bytea NOT NULL,               -- SHA-256 of what was asked: the same id with other words is refused
    state text NOT NULL,                -- taken: it changed the incident; noted: a line of its timeline only
    why text NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX phone_act_at ON phone_act (at);
CREATE INDEX phone_act_incident ON phone_act (incident);

-- Photos that people on the way take of a matter; sealed with the county's key file.
CREATE TABLE photo (
    id text PRIMARY KEY,
    person text NOT NULL,
    sealed bytea NOT NULL,
    size integer NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX photo_at ON photo (at);
CREATE INDEX photo_person ON photo (person, at);
CREATE INDEX matter_photos ON matter USING gin (photos);

-- patrol: somebody was at a site and said so by a tap. Nothing of where they were before or after.
CREATE TABLE patrol (
    id text PRIMARY KEY,
    site text NOT NULL REFERENCES site,
    person text NOT NULL,
    said text NOT NULL CHECK (said IN ('well', 'fault', 'nobody')),
    by_code boolean NOT NULL,           -- the site's code was read, so they were there
    at timestamptz NOT NULL,
    taken_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX patrol_site ON patrol (site, at DESC);
CREATE INDEX patrol_person ON patrol (person, at DESC);

-- house: the code on a site's label, the phones that are paired with it, the faults that people report of it.
CREATE TABLE site_code (
    code text PRIMARY KEY,
    site text NOT NULL REFERENCES site,
    made_by text NOT NULL,
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at timestamptz
);
CREATE UNIQUE INDEX site_code_site ON site_code (site) WHERE ended_at IS NULL;

CREATE TABLE pairing (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site text NOT NULL REFERENCES site,
    token bytea NOT NULL UNIQUE,        -- SHA-256 of the phone's cookie
    agent text NOT NULL,
    began_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    until timestamptz NOT NULL,         -- a press up to then pairs
    paired_at timestamptz,
    press text NOT NULL DEFAULT '',     -- device and the press's own number: no press pairs twice
    seen_at timestamptz,
    ended_at timestamptz,
    ended_by text NOT NULL DEFAULT ''
);
CREATE INDEX pairing_site ON pairing (site, began_at DESC);
CREATE UNIQUE INDEX pairing_press ON pairing (press) WHERE press <> '';

CREATE TABLE site_fault (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site text NOT NULL REFERENCES site,
    what text NOT NULL,
    words text NOT NULL,
    source text NOT NULL CHECK (source IN ('code', 'phone', 'family', 'patrol')),
    times integer NOT NULL DEFAULT 1,
    first_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    last_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at timestamptz,
    ended_by text NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX site_fault_open ON site_fault (site, what) WHERE ended_at IS NULL;
CREATE INDEX site_fault_site ON site_fault (site, id);

-- How often who is not signed in asked: "code <code>" or "address <address>".
CREATE TABLE house_try (
    who text NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX house_try_who ON house_try (who, at);
CREATE INDEX house_try_at ON house_try (at);
