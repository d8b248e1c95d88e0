-- incident: its life after the call, where it came from, and what it goes together with.
ALTER TABLE incident
    ADD source text NOT NULL DEFAULT 'device' CHECK (source IN ('device', 'report', 'phone', 'api')),
    ADD reporter text NOT NULL DEFAULT '',
    ADD after jsonb NOT NULL DEFAULT '{}',          -- stage -> what was done
    ADD verdict text NOT NULL DEFAULT '' CHECK (verdict IN ('', 'false')),
    ADD merged_into text NOT NULL DEFAULT '',
    ADD reopens text NOT NULL DEFAULT '',
    ADD reopened integer NOT NULL DEFAULT 0;
CREATE INDEX incident_merged ON incident (merged_into) WHERE merged_into != '' AND closed_at IS NULL;

-- escalation: policies as people write them, and what is being done about each open incident.
CREATE TABLE escalation_policy (
    id text NOT NULL,
    version integer NOT NULL,
    area bigint REFERENCES area,                    -- NULL: everywhere here
    place integer NOT NULL DEFAULT 0,               -- the lower stands before the higher within one area
    whats text[] NOT NULL DEFAULT '{}',
    from_min smallint NOT NULL,
    to_min smallint NOT NULL,
    lapse_s integer NOT NULL,
    steps jsonb NOT NULL,
    made_by text NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz,                           -- an older version, or one that was taken back
    PRIMARY KEY (id, version)
);
CREATE UNIQUE INDEX escalation_policy_now ON escalation_policy (id) WHERE ended_at IS NULL;
CREATE TABLE course (
    incident text PRIMARY KEY REFERENCES incident,
    course jsonb,                                   -- NULL: no policy fits
    done jsonb NOT NULL DEFAULT '[]',               -- [[step, target, how often, ms since it was opened], …]
    cannot text[] NOT NULL DEFAULT '{}',
    notes bigint NOT NULL DEFAULT 0,                -- of the timeline, up to which the village's word was read
    rver bigint NOT NULL DEFAULT -1,                -- of the incident, as of the last look
    aver bigint NOT NULL DEFAULT -1,
    look_at timestamptz
);
CREATE INDEX course_look ON course (look_at) WHERE look_at IS NOT NULL;
