-- responder: a person has a name in the system, and an account only where there is a password.
ALTER TABLE person
    ALTER password DROP NOT NULL,
    ADD languages text[] NOT NULL DEFAULT '{}',     -- best first: zh, en, a dialect as prompts name it
    ADD made_at timestamptz NOT NULL DEFAULT now(),
    ADD totp bytea,                                 -- nonce and AES-GCM of the second factor's secret
    ADD totp_at timestamptz,                        -- when its first code was right; NULL: not in force
    ADD totp_step bigint NOT NULL DEFAULT 0;        -- of the last code that was taken: none is taken twice
CREATE TABLE recovery_code (
    person text NOT NULL REFERENCES person,
    hash bytea NOT NULL,
    used_at timestamptz,
    PRIMARY KEY (person, hash)
);

-- What somebody may do, and where. area NULL: everywhere here. family is a household's choice and belongs to its site.
CREATE TABLE person_role (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person text NOT NULL REFERENCES person,
    role text NOT NULL CHECK (role IN ('operator', 'commander', 'grid_worker', 'group_head', 'volunteer', 'family',
        'police', 'department', 'technician', 'auditor', 'administrator')),
    area bigint REFERENCES area,
    site text REFERENCES site,
    unit text NOT NULL DEFAULT '',                  -- a department's name
    valid_from timestamptz NOT NULL DEFAULT now(),
    valid_to timestamptz,
    given_by text NOT NULL DEFAULT '',
    CHECK ((role = 'family') = (site IS NOT NULL)),
    CHECK (site IS NULL OR area IS NULL),
    CHECK (valid_to >= valid_from)
);
CREATE INDEX person_role_person ON person_role (person);
CREATE INDEX person_role_area ON person_role (area);
CREATE INDEX person_role_site ON person_role (site) WHERE site IS NOT NULL;
-- Who had an account saw everything and answered for everybody: operators of the whole county.
INSERT INTO person_role (person, role, given_by) SELECT name, 'operator', 'migration' FROM person;

CREATE TABLE person_number (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person text NOT NULL REFERENCES person,
    rank integer NOT NULL,                          -- the order of calling
    sealed bytea NOT NULL,                          -- nonce and AES-GCM of the number in E.164
    answered_at timestamptz,                        -- it last answered a test call
    UNIQUE (person, rank)
);

-- A session is known by a number of its own: its hash is shown to nobody. Those of before go on.
ALTER TABLE session
    ADD id bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    ADD second boolean NOT NULL DEFAULT false,      -- by the second factor too
    ADD seen_at timestamptz NOT NULL DEFAULT now(),
    ADD address text NOT NULL DEFAULT '',
    ADD agent text NOT NULL DEFAULT '',
    ADD answered_at timestamptz NOT NULL DEFAULT now();  -- a person answered a presence check, or signed in
CREATE INDEX session_person ON session (person);

-- Guesses at passwords. key: SHA-256 of the name, the address or both; a browser's is of its cookie.
CREATE TABLE login_guess (
    key bytea PRIMARY KEY,
    wrong integer NOT NULL,
    last_at timestamptz NOT NULL
);
CREATE INDEX login_guess_last ON login_guess (last_at);
CREATE TABLE known_browser (
    hash bytea PRIMARY KEY,
    person text NOT NULL REFERENCES person,
    last_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX known_browser_person ON known_browser (person);

-- Duty rosters. Minutes are of the local day in the roster's zone; a shift that ends no later than it begins ends on the
-- next day.
CREATE TABLE roster (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    area bigint REFERENCES area,
    role text NOT NULL,
    name text NOT NULL,
    zone text NOT NULL DEFAULT 'Asia/Shanghai',
    ended_at timestamptz
);
CREATE INDEX roster_area ON roster (area);
CREATE TABLE roster_shift (
    roster bigint NOT NULL REFERENCES roster,
    name text NOT NULL,
    starts smallint NOT NULL CHECK (starts BETWEEN 0 AND 1439),
    ends smallint NOT NULL CHECK (ends BETWEEN 0 AND 1439),
    weekdays smallint[] NOT NULL,                   -- 1 Monday to 7 Sunday
    days text[] NOT NULL,                           -- of work, rest, holiday
    turns jsonb NOT NULL,                           -- [[person, …], …]: who, in order of calling, turn by turn
    turn_days smallint NOT NULL CHECK (turn_days > 0),
    first_day date NOT NULL,
    last_day date,
    PRIMARY KEY (roster, name)
);
CREATE TABLE roster_swap (
    roster bigint NOT NULL,
    shift text NOT NULL,
    day date NOT NULL,
    off text NOT NULL REFERENCES person,
    instead text NOT NULL REFERENCES person,
    PRIMARY KEY (roster, shift, day, off),
    FOREIGN KEY (roster, shift) REFERENCES roster_shift ON DELETE CASCADE
);
CREATE TABLE absence (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person text NOT NULL REFERENCES person,
    since timestamptz NOT NULL,
    until timestamptz NOT NULL,
    CHECK (since < until)
);
CREATE INDEX absence_person ON absence (person, until);
-- Public holidays, and the weekends that are worked instead (调休), as the State Council announces them for each year.
CREATE TABLE holiday (
    day date PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('holiday', 'work')),
    name text NOT NULL DEFAULT ''
);

-- What is directly above what; grids are above their household groups too. Everything that asks who may see what goes
-- by this view alone.
DO $$ BEGIN
    IF to_regclass('grid_member') IS NULL THEN
        CREATE VIEW area_above AS SELECT id, parent AS above FROM area WHERE parent IS NOT NULL;
    ELSE
        CREATE VIEW area_above AS
            SELECT id, parent AS above FROM area WHERE parent IS NOT NULL
            UNION ALL SELECT household_group, grid FROM grid_member WHERE valid_to IS NULL;
    END IF;
END $$;
