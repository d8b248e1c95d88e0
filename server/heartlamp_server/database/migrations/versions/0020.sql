-- One device may be made for one site, once, until then. Its key is no device's before it was used: no row of device_key,
-- so no password at any gateway; an offline one's is from the start, and is revoked where nothing was heard until then.
CREATE TABLE claim (
    id text PRIMARY KEY,
    secret bytea NOT NULL,                          -- SHA-256 of what the technician's laptop holds
    site text NOT NULL REFERENCES site,
    device text NOT NULL,
    kind text NOT NULL,
    board text NOT NULL,
    kv integer NOT NULL,
    sealed bytea,                                   -- nonce and AES-GCM of the root secret; NULL once it is over
    mqtt_hash text NOT NULL,
    token bytea,                                    -- SHA-256 of the token by which it comes to the county by itself
    through text[] NOT NULL DEFAULT '{}',
    offline boolean NOT NULL,
    replaces text REFERENCES device,
    made_by text NOT NULL,
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    not_after timestamptz NOT NULL,
    used_at timestamptz,
    version text NOT NULL DEFAULT '',               -- as the tool read it from the board at use
    chip text NOT NULL DEFAULT '',
    ended_at timestamptz,
    ended_why text NOT NULL DEFAULT ''
);
CREATE INDEX claim_site ON claim (site, made_at);
CREATE INDEX claim_device ON claim (device);
CREATE UNIQUE INDEX claim_open ON claim (site, kind) WHERE used_at IS NULL AND ended_at IS NULL;

CREATE TABLE visit (
    id text PRIMARY KEY,                            -- the laptop's, so that what is sent again is one visit
    site text NOT NULL REFERENCES site,
    claim text NOT NULL REFERENCES claim,
    device text NOT NULL,
    outcome text NOT NULL CHECK (outcome IN
        ('done', 'nobody_home', 'refused', 'no_consent', 'no_socket', 'no_link', 'moved')),
    tests jsonb NOT NULL,                           -- [{part, ok, found}, …]
    mains_off jsonb,
    consent jsonb,                                  -- given, language, how; by whom it is shown is sealed:
    evidence bytea,
    note text NOT NULL DEFAULT '',
    board text NOT NULL DEFAULT '',
    version text NOT NULL DEFAULT '',
    by text NOT NULL,
    at timestamptz NOT NULL,
    received_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX visit_site ON visit (site, at);
