-- A row for every process of the county that lives or lived lately: it says so every few seconds.
CREATE TABLE process (
    what text NOT NULL CHECK (what IN ('county', 'messages')),
    host text NOT NULL,
    pid integer NOT NULL,
    since timestamptz NOT NULL DEFAULT clock_timestamp(),
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (what, host, pid)
);
