-- The store as a whole, and the log that screens follow.
CREATE TABLE store (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    epoch text NOT NULL,
    cluster text NOT NULL
);
CREATE TABLE feed_head (one boolean PRIMARY KEY DEFAULT true CHECK (one), seq bigint NOT NULL);
INSERT INTO feed_head (seq) VALUES (0);
CREATE TABLE feed (
    seq bigint PRIMARY KEY,
    kind text NOT NULL,
    data text NOT NULL,
    at timestamptz NOT NULL DEFAULT now()
);

-- area: a tree with surrogate ids; the official code is an attribute with dates.
CREATE TABLE area (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    parent bigint REFERENCES area,
    level text NOT NULL CHECK (level IN ('county', 'township', 'village', 'group')),
    code text NOT NULL DEFAULT '',
    name text NOT NULL,
    valid_from date NOT NULL DEFAULT current_date,
    valid_to date,
    UNIQUE NULLS NOT DISTINCT (parent, level, name)
);
CREATE TABLE site (
    id text PRIMARY KEY,
    area bigint NOT NULL REFERENCES area,
    name text NOT NULL,
    address text NOT NULL DEFAULT '',
    landmark text NOT NULL DEFAULT ''
);
CREATE INDEX site_area ON site (area);

-- responder: people with an account.
CREATE TABLE person (
    name text PRIMARY KEY,
    display text NOT NULL,
    password text NOT NULL,
    disabled_at timestamptz
);
CREATE TABLE session (
    hash bytea PRIMARY KEY,
    person text NOT NULL REFERENCES person,
    made_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);

-- device: devices with their keys, gateways with their tokens and commands.
CREATE TABLE gateway (
    id text PRIMARY KEY,
    village bigint NOT NULL REFERENCES area,
    registry bigint NOT NULL DEFAULT 1,
    seq bigint NOT NULL DEFAULT 0,
    confirmed text NOT NULL DEFAULT '',
    epoch text NOT NULL DEFAULT '',
    last_seen timestamptz,
    revoked_at timestamptz
);
CREATE INDEX gateway_village ON gateway (village);
CREATE TABLE gateway_token (
    hash bytea PRIMARY KEY,
    gateway text NOT NULL REFERENCES gateway,
    made_at timestamptz NOT NULL DEFAULT now(),
    revoked_at timestamptz
);
CREATE TABLE command (
    gateway text NOT NULL REFERENCES gateway,
    seq bigint NOT NULL,
    kind text NOT NULL,
    about text NOT NULL,
    fields text NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (gateway, seq)
);
CREATE INDEX command_about ON command (gateway, kind, about);
CREATE TABLE device (
    id text PRIMARY KEY,
    kind text NOT NULL,
    site text NOT NULL REFERENCES site,
    last_seen timestamptz,
    online boolean,
    revoked_at timestamptz
);
CREATE INDEX device_site ON device (site);
CREATE TABLE device_key (
    device text NOT NULL REFERENCES device,
    version integer NOT NULL,
    secret bytea NOT NULL,      -- nonce and AES-GCM of the root secret
    mqtt_hash text NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now(),
    revoked_at timestamptz,
    PRIMARY KEY (device, version)
);

-- telemetry: partitions are made by the program, ahead and on demand.
CREATE TABLE reading (
    device text NOT NULL,
    name text NOT NULL,
    at timestamptz NOT NULL,
    value bigint NOT NULL,
    boot text NOT NULL,
    seq bigint NOT NULL
) PARTITION BY RANGE (at);
CREATE INDEX reading_device ON reading (device, name, at);

-- incident: the row is the rule's whole state; place is a snapshot, so that re-zoning keeps history.
CREATE TABLE incident (
    id text PRIMARY KEY,
    site text NOT NULL REFERENCES site,
    what text NOT NULL,
    place jsonb NOT NULL,
    opened_at timestamptz NOT NULL,
    observed_at timestamptz,
    heard_age_ms bigint,
    presses integer NOT NULL,
    last_press_at timestamptz NOT NULL,
    events text[] NOT NULL,
    rver bigint NOT NULL,
    aver bigint NOT NULL,
    answer text NOT NULL,
    who text NOT NULL,
    responders jsonb NOT NULL,
    doubts text[] NOT NULL,
    cancelled boolean NOT NULL,
    lit text[] NOT NULL,
    lit_of integer NOT NULL,
    closed_at timestamptz,
    closed_by text NOT NULL,
    closed_how text NOT NULL
);
CREATE UNIQUE INDEX incident_open ON incident (site, what) WHERE closed_at IS NULL;
CREATE INDEX incident_closed ON incident (closed_at DESC) WHERE closed_at IS NOT NULL;
CREATE INDEX incident_site ON incident (site, opened_at);
CREATE TABLE timeline (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    incident text NOT NULL REFERENCES incident,
    at timestamptz NOT NULL,
    kind text NOT NULL,
    detail jsonb NOT NULL
);
CREATE INDEX timeline_incident ON timeline (incident, id);

-- alarm: every event, exactly once; what clashes and what cannot be an event is kept beside it.
CREATE TABLE event (
    id text PRIMARY KEY,
    incident text REFERENCES incident,  -- NULL: waits for the incident it speaks of
    refers_to text NOT NULL DEFAULT '',
    kind text NOT NULL,
    detail text NOT NULL,               -- an alarm's what, an answer's answer
    device text NOT NULL REFERENCES device,
    kv integer NOT NULL,
    boot text NOT NULL,
    seq bigint NOT NULL,
    up bigint NOT NULL,
    verified boolean NOT NULL,
    mac text NOT NULL,
    body bytea NOT NULL,
    gateway text NOT NULL,
    received_at timestamptz NOT NULL,
    observed_at timestamptz
);
CREATE INDEX event_incident ON event (incident);
CREATE INDEX event_waiting ON event (refers_to) WHERE incident IS NULL;
CREATE TABLE clash (
    event text NOT NULL,
    digest bytea NOT NULL,
    mac text NOT NULL,
    verified boolean NOT NULL,
    body bytea NOT NULL,
    gateway text NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (event, digest)
);
CREATE TABLE evidence (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    gateway text NOT NULL,
    digest bytea NOT NULL,
    usr text NOT NULL,
    verdict text NOT NULL,
    reason text NOT NULL,
    frame bytea NOT NULL,
    count bigint NOT NULL DEFAULT 1,
    first_at timestamptz NOT NULL,
    last_at timestamptz NOT NULL,
    UNIQUE (gateway, digest)
);
CREATE INDEX evidence_last ON evidence (last_at);
CREATE TABLE note (
    id text PRIMARY KEY,
    gateway text NOT NULL,
    incident text REFERENCES incident,  -- NULL: of the gateway itself, or waits
    refers_to text NOT NULL,
    what text NOT NULL,
    subject text NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX note_waiting ON note (refers_to) WHERE incident IS NULL;
