-- picture: a still's bytes as they come, sealed with the key file, until their days are over.
CREATE TABLE picture (
    event text PRIMARY KEY REFERENCES event,
    incident text NOT NULL REFERENCES incident,
    device text NOT NULL REFERENCES device,
    gateway text NOT NULL REFERENCES gateway,
    sum text NOT NULL,
    size integer NOT NULL,
    at integer NOT NULL DEFAULT 0,      -- bytes that are here
    wrong integer NOT NULL DEFAULT 0,   -- how often they were not what the camera had announced
    began_at timestamptz NOT NULL DEFAULT now(),
    whole_at timestamptz,
    deleted_at timestamptz,
    deleted_why text NOT NULL DEFAULT ''
);
CREATE INDEX picture_incident ON picture (incident);
CREATE INDEX picture_device ON picture (device) WHERE deleted_at IS NULL;
CREATE INDEX picture_kept ON picture (began_at) WHERE deleted_at IS NULL;
CREATE TABLE picture_part (
    event text NOT NULL REFERENCES picture,
    at integer NOT NULL,
    sealed bytea NOT NULL,
    PRIMARY KEY (event, at)
);

-- firmware: signed bundles, and to whom each is offered; of several offers to a device its newest counts.
CREATE TABLE firmware (
    id text PRIMARY KEY,
    version integer NOT NULL,
    boards text[] NOT NULL,
    kinds text[] NOT NULL,
    min_version integer NOT NULL,
    micropython integer NOT NULL,
    rollback boolean NOT NULL,
    size integer NOT NULL,
    data bytea NOT NULL,
    added_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE firmware ALTER data SET STORAGE EXTERNAL;  -- not compressed: parts of it are read
CREATE TABLE firmware_offer (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    bundle text NOT NULL REFERENCES firmware,
    area bigint REFERENCES area,
    device text REFERENCES device,
    again boolean NOT NULL,             -- also to who has refused it before
    made_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz,
    CHECK (num_nonnulls(area, device) = 1)
);
CREATE INDEX firmware_offer_open ON firmware_offer (bundle) WHERE ended_at IS NULL;
