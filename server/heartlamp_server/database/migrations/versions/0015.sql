-- incident: to whom it was handed over, the last time to each.
ALTER TABLE incident ADD handovers jsonb NOT NULL DEFAULT '[]';
-- Told by people and other systems. `elsewhere` is one site for each area: every place there that is no site of its own.
-- Two calls from there are two incidents, however near each other.
ALTER TABLE site DROP CONSTRAINT site_kind_check,
    ADD CHECK (kind IN ('household', 'post', 'nursing', 'school', 'elsewhere'));
DROP INDEX site_area_id;
CREATE INDEX site_area_id ON site (area, id) INCLUDE (kind);  -- counting them reads no row
DROP INDEX incident_open;
CREATE UNIQUE INDEX incident_open ON incident (site, what)
    WHERE closed_at IS NULL AND NOT jsonb_exists(place, 'elsewhere');
CREATE INDEX incident_open_site ON incident (site) WHERE closed_at IS NULL;
CREATE TABLE told (
    source text NOT NULL,
    reporter text NOT NULL,             -- an account, or a system's number
    ref text NOT NULL,                  -- by which they know it
    digest bytea NOT NULL,
    incident text NOT NULL REFERENCES incident,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (source, reporter, ref)
);
CREATE INDEX told_incident ON told (incident);
CREATE TABLE hotline_call (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    area bigint NOT NULL REFERENCES area,
    taken_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    taken_by text NOT NULL,
    caller bytea,                       -- nonce and AES-GCM of the number
    due_at timestamptz NOT NULL,
    incident text REFERENCES incident,
    climbed_at timestamptz,             -- nobody settled it in its time: it became an incident by itself
    settled text NOT NULL DEFAULT '' CHECK (settled IN ('', 'incident', 'matter', 'nothing')),
    settled_at timestamptz,
    why text NOT NULL DEFAULT ''
);
CREATE INDEX hotline_open ON hotline_call (due_at) WHERE settled = '';
CREATE INDEX hotline_incident ON hotline_call (incident) WHERE incident IS NOT NULL;
CREATE INDEX hotline_area ON hotline_call (area, taken_at);
-- A photo that somebody sent with a report: without what the camera wrote into it, sealed, until its days are over.
CREATE TABLE report_photo (
    id text PRIMARY KEY,
    incident text NOT NULL REFERENCES incident,
    sent_by text NOT NULL,
    sent_at timestamptz NOT NULL DEFAULT now(),
    size integer NOT NULL,
    sealed bytea,                       -- NULL: deleted
    deleted_at timestamptz,
    deleted_why text NOT NULL DEFAULT ''
);
ALTER TABLE report_photo ALTER sealed SET STORAGE EXTERNAL;
CREATE INDEX report_photo_incident ON report_photo (incident);
CREATE INDEX report_photo_kept ON report_photo (sent_at) WHERE deleted_at IS NULL;
-- Other systems that may tell us of incidents, of hand-overs, or read the warnings.
CREATE TABLE system (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    hash bytea NOT NULL UNIQUE,         -- of its token
    areas bigint[] NOT NULL,            -- and all that is below them
    may text[] NOT NULL,                -- report, handover, cap
    per_minute integer NOT NULL CHECK (per_minute > 0),
    made_by text NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now(),
    seen_at timestamptz,
    ended_at timestamptz
);
-- Webhooks: which other systems are told of what, and what waits to be told. The feed is read on from `hook_cursor`.
CREATE TABLE hook (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    url text NOT NULL,
    secret bytea,                       -- nonce and AES-GCM
    former bytea,                       -- the one before it
    rotated_at timestamptz,
    areas bigint[] NOT NULL,
    whats text[] NOT NULL,
    events text[] NOT NULL,
    made_by text NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz,
    why text NOT NULL DEFAULT ''
);
CREATE TABLE hook_delivery (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    hook bigint NOT NULL REFERENCES hook,
    incident text NOT NULL REFERENCES incident,
    event text NOT NULL,
    body text NOT NULL,
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    attempts integer NOT NULL DEFAULT 0,
    due_at timestamptz DEFAULT clock_timestamp(),  -- NULL: told, or given up
    done_at timestamptz,
    why text NOT NULL DEFAULT ''
);
CREATE INDEX hook_delivery_due ON hook_delivery (hook, id) WHERE due_at IS NOT NULL;
CREATE INDEX hook_delivery_incident ON hook_delivery (incident);
CREATE TABLE hook_seen (incident text PRIMARY KEY REFERENCES incident, state text NOT NULL);
CREATE TABLE hook_cursor (one boolean PRIMARY KEY DEFAULT true CHECK (one), seq bigint NOT NULL);
INSERT INTO hook_cursor (seq) SELECT seq FROM feed_head;
-- Drills that were announced: real while they go on, marked once they are over.
ALTER TABLE incident ADD drill boolean NOT NULL DEFAULT false;
CREATE TABLE drill (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site text NOT NULL REFERENCES site,
    announced_by text NOT NULL,
    announced_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    until timestamptz NOT NULL,
    incident text UNIQUE REFERENCES incident,
    marked_by text NOT NULL DEFAULT '',
    marked_at timestamptz,
    CHECK ((incident IS NULL) = (marked_at IS NULL))
);
CREATE INDEX drill_site ON drill (site, announced_at);
