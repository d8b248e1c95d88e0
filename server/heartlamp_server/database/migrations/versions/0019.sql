-- What is drawn of a village, as GeoJSON features in WGS-84. A version is never changed; the highest one counts.
CREATE TABLE ground_plan (
    village bigint NOT NULL REFERENCES area,
    version integer NOT NULL CHECK (version > 0),
    features jsonb NOT NULL,
    made_by text NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (village, version)
);

-- What a wall asks for again and again: the open calls, the last day's, and villages whose power is out.
CREATE INDEX incident_opened ON incident (opened_at);
CREATE INDEX note_outage ON note (gateway) WHERE what IN ('trouble', 'restored') AND strpos(subject, 'outage ') > 0;

-- A screen on a wall is an account with a role of its own.
ALTER TABLE person_role DROP CONSTRAINT person_role_role_check, ADD CONSTRAINT person_role_role_check CHECK (role IN (
    'operator', 'commander', 'grid_worker', 'group_head', 'volunteer', 'family', 'police', 'department', 'technician',
    'auditor', 'administrator', 'wall'));
