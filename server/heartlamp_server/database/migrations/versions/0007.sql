-- What devices of a gateway's village were told of its broker; '' and 0 where none was.
ALTER TABLE gateway
    ADD broker_name text NOT NULL DEFAULT '',  -- in its certificate
    ADD broker_host text NOT NULL DEFAULT '',
    ADD broker_port integer NOT NULL DEFAULT 0;

CREATE TABLE invite (
    name text PRIMARY KEY,
    gateway text NOT NULL REFERENCES gateway,
    key bytea NOT NULL,             -- nonce and AES-GCM of what both sides prove that they know
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    used_by bytea                   -- SHA-256 of the token that the box chose: the same box may ask again
);
CREATE INDEX invite_gateway ON invite (gateway);
