-- incident: what is open, page by page.
CREATE INDEX incident_open_newest ON incident (opened_at DESC, id DESC) WHERE closed_at IS NULL;

-- shift: who holds a post, and what was handed over with it. The newest signed row of a post says who holds it.
CREATE TABLE shift_handover (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    area bigint REFERENCES area,                    -- NULL: the county's post, of who has no area
    outgoing text REFERENCES person,                -- NULL: nobody held it
    incoming text REFERENCES person,
    offered_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    signed_at timestamptz,
    withdrawn_at timestamptz,
    note text NOT NULL DEFAULT '',
    why text NOT NULL DEFAULT '',                   -- it was taken without being offered
    list jsonb,                                     -- what was signed, by ids: {incidents, promises, faults}
    CHECK ((signed_at IS NULL) = (list IS NULL)),
    CHECK ((signed_at IS NULL) = (incoming IS NULL)),
    CHECK (signed_at IS NULL OR withdrawn_at IS NULL)
);
CREATE UNIQUE INDEX shift_handover_waits ON shift_handover (coalesce(area, 0))
    WHERE signed_at IS NULL AND withdrawn_at IS NULL;
CREATE INDEX shift_handover_signed ON shift_handover (coalesce(area, 0), signed_at DESC) WHERE signed_at IS NOT NULL;
