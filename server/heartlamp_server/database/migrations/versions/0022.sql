-- A bundle on its way to an area's devices. A halted one offers nothing more; a device that has it keeps it.
CREATE TABLE rollout (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    bundle text NOT NULL REFERENCES firmware,
    area bigint NOT NULL REFERENCES area,
    soak_h integer NOT NULL CHECK (soak_h BETWEEN 0 AND 336),
    stage integer NOT NULL DEFAULT 0 CHECK (stage BETWEEN 0 AND 2),   -- a hundredth, a tenth, all
    state text NOT NULL DEFAULT 'going' CHECK (state IN ('going', 'halted', 'done')),
    why text NOT NULL DEFAULT '',                                     -- it is halted
    made_by text NOT NULL,
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    stage_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    looked_at timestamptz,
    forgiven integer NOT NULL DEFAULT 0                               -- failures that a person has seen and let it go on
);
CREATE UNIQUE INDEX rollout_going ON rollout (area) WHERE state = 'going';
CREATE TABLE rollout_device (
    rollout bigint NOT NULL REFERENCES rollout,
    device text NOT NULL REFERENCES device,
    stage integer NOT NULL,
    offered_at timestamptz,
    outcome text NOT NULL DEFAULT 'waits' CHECK (outcome IN ('waits', 'trial', 'runs', 'refused', 'lost')),
    PRIMARY KEY (rollout, device)
);
CREATE INDEX rollout_device_of ON rollout_device (device);
