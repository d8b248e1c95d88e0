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
