-- Days that an administrator set on the page, in place of those of server.toml; the newest row of each counts. What is
-- shortened holds from a moment on, and until then `before` does, so that a slip can be taken back before it deletes.
CREATE TABLE kept_days (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    what text NOT NULL,
    days integer NOT NULL CHECK (days > 0),
    before integer NOT NULL CHECK (before > 0),
    holds_from timestamptz NOT NULL,
    set_by text NOT NULL,
    set_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    why text NOT NULL CHECK (why <> '')
);
CREATE INDEX kept_days_of ON kept_days (what, id DESC);
