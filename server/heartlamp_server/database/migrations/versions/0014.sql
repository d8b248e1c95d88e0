-- figures: one row for each incident, read off its timeline. Kept for speed only: `figures recompute` makes it anew.
CREATE TABLE figure_fact (
    incident text PRIMARY KEY REFERENCES incident,
    site text NOT NULL REFERENCES site,
    areas bigint[] NOT NULL,            -- every area that the site lay in on the day of the press, grids among them
    began_at timestamptz NOT NULL,
    what text NOT NULL,
    source text NOT NULL,
    drill boolean NOT NULL,
    merged boolean NOT NULL,
    ended text NOT NULL,
    arrived text NOT NULL,
    reopened boolean NOT NULL,
    cancelled boolean NOT NULL,
    seen text NOT NULL,
    other boolean NOT NULL,
    rung boolean NOT NULL,
    accept_in_time boolean NOT NULL,
    coming_in_time boolean NOT NULL,
    arrive_in_time boolean NOT NULL,
    said text NOT NULL,
    accept bigint,
    dispatch bigint,
    arrive bigint,
    close bigint
);
CREATE INDEX figure_fact_began ON figure_fact (began_at);
CREATE INDEX figure_fact_areas ON figure_fact USING gin (areas);
CREATE INDEX incident_reopens ON incident (reopens) WHERE reopens <> '';

-- Up to which line of the timeline nothing is unread.
CREATE TABLE figure_mark (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    proven bigint NOT NULL DEFAULT 0
);
INSERT INTO figure_mark DEFAULT VALUES;

-- Once an hour: devices that should be and that were heard of, by the area of their sites, summed up by days.
CREATE TABLE figure_presence (
    day date NOT NULL,
    area bigint NOT NULL REFERENCES area,
    areas bigint[] NOT NULL,
    hours smallint NOT NULL,
    heard_of bigint NOT NULL,
    heard bigint NOT NULL,
    sites integer NOT NULL,             -- at the last of these hours
    unproven integer NOT NULL,          -- the same: no device of theirs was heard of in time
    PRIMARY KEY (day, area)
);
CREATE TABLE figure_sampled (hour timestamptz PRIMARY KEY);

-- What a village's SIM card costs, as somebody writes it down: no provider tells us.
CREATE TABLE sim_card (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    village bigint NOT NULL REFERENCES area,
    label text NOT NULL,                -- never its number
    payer text NOT NULL,
    balance_fen bigint,
    balance_on date,
    expires_on date,
    megabytes bigint,                   -- of a month, as its plan has it
    ended_on date,
    changed_by text NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (village, label)
);
CREATE TABLE sim_month (
    card bigint NOT NULL REFERENCES sim_card,
    month date NOT NULL CHECK (extract(day FROM month) = 1),
    cost_fen bigint NOT NULL CHECK (cost_fen >= 0),
    megabytes bigint NOT NULL CHECK (megabytes >= 0),
    changed_by text NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (card, month)
);

-- A month that somebody stands for. A correction is another version; the former stays as it was.
CREATE TABLE figure_lock (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    area bigint NOT NULL REFERENCES area,
    month date NOT NULL CHECK (extract(day FROM month) = 1),
    version integer NOT NULL CHECK (version > 0),
    locked_by text NOT NULL,
    locked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    reason text NOT NULL,               -- of a correction; '' for the first version
    zone text NOT NULL,
    head_n bigint NOT NULL,             -- of the audit log as it was then
    head_hash bytea NOT NULL,
    UNIQUE (area, month, version),
    CHECK (version = 1 OR reason <> '')
);
CREATE TABLE figure_locked (
    lock bigint NOT NULL REFERENCES figure_lock,
    area bigint NOT NULL REFERENCES area,
    parent bigint,
    level text NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    known jsonb NOT NULL,               -- name -> [value, of, few], for who may know of silent alarms
    plain jsonb NOT NULL,               -- the same without them
    PRIMARY KEY (lock, area)
);
CREATE INDEX figure_locked_area ON figure_locked (area, lock);
CREATE FUNCTION never_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE USING MESSAGE = TG_TABLE_NAME || ' is only added to';
END $$;
CREATE TRIGGER figure_lock_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON figure_lock EXECUTE FUNCTION never_changed();
CREATE TRIGGER figure_locked_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON figure_locked EXECUTE FUNCTION never_changed();

-- The county's own form for the month's report, as it was uploaded; the newest counts, an empty one takes it away.
CREATE TABLE figure_template (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    area bigint REFERENCES area,        -- NULL: everywhere here
    name text NOT NULL,
    data bytea NOT NULL,
    put_by text NOT NULL,
    put_at timestamptz NOT NULL DEFAULT now()
);

-- The daily brief as it was made at its hour.
CREATE TABLE figure_brief (
    area bigint NOT NULL REFERENCES area,
    day date NOT NULL,
    known jsonb NOT NULL,
    plain jsonb NOT NULL,
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (area, day)
);
