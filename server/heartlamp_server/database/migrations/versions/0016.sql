-- A row for every process of the county that lives or lived lately: it says so every few seconds.
CREATE TABLE process (
    what text NOT NULL CHECK (what IN ('county', 'messages')),
    host text NOT NULL,
    pid integer NOT NULL,
    since timestamptz NOT NULL DEFAULT clock_timestamp(),
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (what, host, pid)
);

-- Timelines are only added to; but a household may have its words erased, by who says so in that transaction.
CREATE OR REPLACE FUNCTION never_rewritten() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('heartlamp.erases', true) = 'on'
        AND to_jsonb(NEW) - 'detail' = to_jsonb(OLD) - 'detail' THEN
        RETURN NEW;
    END IF;
    RAISE USING MESSAGE = TG_TABLE_NAME || ' is only added to';
END $$;

-- retention: up to when what is old enough was gone through.
CREATE TABLE retention (
    what text PRIMARY KEY,
    until timestamptz NOT NULL,
    ran_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
