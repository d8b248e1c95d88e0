-- audit: what people saw, changed and decided. A row is added in the transaction of what it speaks of, and chained by the
-- sealing task after that has committed; docs/decisions/0010-audit.md.
CREATE TABLE audit (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    who text NOT NULL,
    what text NOT NULL,
    about text NOT NULL,
    site text NOT NULL,                 -- '': of no house
    detail jsonb NOT NULL
);
CREATE INDEX audit_who ON audit (who, what, about, at);
CREATE INDEX audit_about ON audit (about, id) WHERE about <> '';
CREATE INDEX audit_site ON audit (site, id) WHERE site <> '';
CREATE TABLE audit_waiting (entry bigint PRIMARY KEY);  -- committed, not yet in the chain
CREATE TABLE audit_seal (
    seq bigint PRIMARY KEY,
    entry bigint NOT NULL UNIQUE,       -- no foreign key: its check needs the right to change what nobody may
    hash bytea NOT NULL
);
CREATE TABLE audit_head (
    seq bigint PRIMARY KEY,
    at timestamptz NOT NULL,
    signature bytea NOT NULL            -- Ed25519, by a key that comes from the key file and is not in here
);

CREATE FUNCTION audit_waits() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit_waiting (entry) VALUES (NEW.id);
    RETURN NULL;
END $$;
CREATE FUNCTION audit_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' is only ever added to', ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER waits AFTER INSERT ON audit FOR EACH ROW EXECUTE FUNCTION audit_waits();
CREATE TRIGGER stays BEFORE UPDATE OR DELETE OR TRUNCATE ON audit EXECUTE FUNCTION audit_stays();
CREATE TRIGGER stays BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_seal EXECUTE FUNCTION audit_stays();
CREATE TRIGGER stays BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_head EXECUTE FUNCTION audit_stays();
-- Also where a session claims to be a replica.
ALTER TABLE audit ENABLE ALWAYS TRIGGER waits, ENABLE ALWAYS TRIGGER stays;
ALTER TABLE audit_seal ENABLE ALWAYS TRIGGER stays;
ALTER TABLE audit_head ENABLE ALWAYS TRIGGER stays;
-- Its owner too has these rights by grants only.
REVOKE UPDATE, DELETE, TRUNCATE ON audit, audit_seal, audit_head FROM PUBLIC, CURRENT_USER;

-- telemetry: what every hour came to, so that a month of a device is looked up in milliseconds. Hours before `until` are
-- rolled up; what comes late for one is noted, and that device's hour is rolled up again.
CREATE TABLE reading_hour (
    device text NOT NULL,
    name text NOT NULL,
    at timestamptz NOT NULL,
    low bigint NOT NULL,
    high bigint NOT NULL,
    mean double precision NOT NULL,
    many bigint NOT NULL,
    PRIMARY KEY (device, name, at) INCLUDE (low, high, mean, many)  -- a month of a device is read from few pages
) PARTITION BY RANGE (at);
CREATE TABLE reading_late (device text NOT NULL, hour timestamptz NOT NULL);
CREATE INDEX reading_late_device ON reading_late (device);
CREATE TABLE reading_rolled (one boolean PRIMARY KEY DEFAULT true CHECK (one), until timestamptz NOT NULL);
INSERT INTO reading_rolled (until)
SELECT date_bin('1 hour', coalesce((SELECT min(at) FROM reading), clock_timestamp()), '1970-01-01T00:00Z');
