-- area: the present, as an alarm needs it. area_was: every version, the present one too; the database writes it itself, so
-- that nobody who changes an area can forget to. Days are Beijing's.
ALTER TABLE area
    DROP CONSTRAINT area_level_check,
    DROP CONSTRAINT area_parent_level_name_key,
    ADD CHECK (level IN ('city', 'county', 'township', 'village', 'grid', 'group')),
    ALTER valid_from SET DEFAULT (now() AT TIME ZONE 'Asia/Shanghai')::date,
    ADD CHECK (valid_to >= valid_from),
    ADD police boolean NOT NULL DEFAULT false,        -- a police grid
    ADD merged_into bigint REFERENCES area,
    ADD also bigint[] NOT NULL DEFAULT '{}',          -- villages whose gateways hear this group's devices besides its own
    ADD CHECK (NOT police OR level = 'grid');
CREATE UNIQUE INDEX area_here ON area (parent, level, name, police) NULLS NOT DISTINCT WHERE valid_to IS NULL;
CREATE INDEX area_parent ON area (parent);
CREATE INDEX area_also ON area USING gin (also);
CREATE INDEX area_code ON area (code) WHERE code <> '';
CREATE TABLE area_was (
    area bigint NOT NULL REFERENCES area,
    valid_from date NOT NULL,
    valid_to date,
    parent bigint REFERENCES area,
    name text NOT NULL,
    code text NOT NULL,
    PRIMARY KEY (area, valid_from)
);
CREATE INDEX area_was_parent ON area_was (parent);
INSERT INTO area_was SELECT id, valid_from, valid_to, parent, name, code FROM area;

-- A later valid_from is a change and keeps what was; the same one is a correction.
CREATE FUNCTION keep_area() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.valid_from < OLD.valid_from THEN
        RAISE USING MESSAGE = 'area ' || NEW.id || ': history is not written backwards';
    ELSIF TG_OP = 'UPDATE' AND NEW.valid_from > OLD.valid_from THEN
        UPDATE area_was SET valid_to = NEW.valid_from WHERE area = NEW.id AND valid_to IS NULL;
    END IF;
    INSERT INTO area_was VALUES (NEW.id, NEW.valid_from, NEW.valid_to, NEW.parent, NEW.name, NEW.code)
    ON CONFLICT (area, valid_from) DO UPDATE
        SET valid_to = EXCLUDED.valid_to, parent = EXCLUDED.parent, name = EXCLUDED.name, code = EXCLUDED.code;
    RETURN NULL;
END $$;
CREATE TRIGGER area_kept AFTER INSERT OR UPDATE OF parent, name, code, valid_from, valid_to ON area
    FOR EACH ROW EXECUTE FUNCTION keep_area();

-- Which household groups are a grid's. A group is in one grid and in one police grid at a time.
CREATE TABLE grid_member (
    grid bigint NOT NULL REFERENCES area,
    household_group bigint NOT NULL REFERENCES area,
    police boolean NOT NULL,
    valid_from date NOT NULL,
    valid_to date CHECK (valid_to >= valid_from),
    PRIMARY KEY (grid, household_group, valid_from)
);
CREATE UNIQUE INDEX grid_member_now ON grid_member (household_group, police) WHERE valid_to IS NULL;

-- What somebody decided, from which day on; a day that has not come is waited for.
CREATE TABLE rezoning (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    valid_from date NOT NULL,
    what jsonb NOT NULL,
    said_by text NOT NULL,
    said_at timestamptz NOT NULL DEFAULT now(),
    applied_at timestamptz,
    withdrawn_at timestamptz,
    problem text NOT NULL DEFAULT ''
);
CREATE INDEX rezoning_waits ON rezoning (valid_from, id) WHERE applied_at IS NULL AND withdrawn_at IS NULL;

-- site: what it is, where it stands (WGS-84, degrees), and since when it is in its area.
ALTER TABLE site
    ADD kind text NOT NULL DEFAULT 'household' CHECK (kind IN ('household', 'post', 'nursing', 'school')),
    ADD latitude double precision CHECK (latitude BETWEEN -90 AND 90),
    ADD longitude double precision CHECK (longitude BETWEEN -180 AND 180),
    ADD valid_from date NOT NULL DEFAULT (now() AT TIME ZONE 'Asia/Shanghai')::date,
    ADD CHECK ((latitude IS NULL) = (longitude IS NULL));
UPDATE site s SET valid_from = a.valid_from FROM area a WHERE a.id = s.area;
CREATE INDEX site_area_id ON site (area, id);
DROP INDEX site_area;
CREATE TABLE site_was (
    site text NOT NULL REFERENCES site,
    valid_from date NOT NULL,
    valid_to date,
    area bigint NOT NULL REFERENCES area,
    PRIMARY KEY (site, valid_from)
);
CREATE INDEX site_was_area ON site_was (area);
INSERT INTO site_was SELECT id, valid_from, NULL, area FROM site;
CREATE FUNCTION keep_site() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.valid_from < OLD.valid_from THEN
        RAISE USING MESSAGE = 'site ' || NEW.id || ': history is not written backwards';
    ELSIF TG_OP = 'UPDATE' AND NEW.valid_from > OLD.valid_from THEN
        UPDATE site_was SET valid_to = NEW.valid_from WHERE site = NEW.id AND valid_to IS NULL;
    END IF;
    INSERT INTO site_was VALUES (NEW.id, NEW.valid_from, NULL, NEW.area)
    ON CONFLICT (site, valid_from) DO UPDATE SET area = EXCLUDED.area;
    RETURN NULL;
END $$;
CREATE TRIGGER site_kept AFTER INSERT OR UPDATE OF area, valid_from ON site
    FOR EACH ROW EXECUTE FUNCTION keep_site();

-- household: what its members give, sealed with the key file.
CREATE TABLE household (
    site text PRIMARY KEY REFERENCES site,
    needs bytea,                        -- nonce and AES-GCM: key-holder, dog, stairs, hazards
    changed_at timestamptz NOT NULL DEFAULT now(),
    changed_by text NOT NULL,
    erased_at timestamptz,
    erased_by text NOT NULL DEFAULT ''
);
CREATE TABLE contact (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site text NOT NULL REFERENCES household,
    rank integer NOT NULL CHECK (rank > 0),  -- the order of calling
    sealed bytea NOT NULL,                   -- role, number, language
    UNIQUE (site, rank)
);
CREATE TABLE consent (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site text NOT NULL REFERENCES household,
    kind text NOT NULL CHECK (kind IN ('camera', 'data', 'voice')),
    given_on date NOT NULL,
    how text NOT NULL CHECK (how IN ('witness', 'recording')),
    evidence bytea,                          -- sealed: who witnessed, or where the recording is
    recorded_at timestamptz NOT NULL DEFAULT now(),
    recorded_by text NOT NULL,
    withdrawn_on date CHECK (withdrawn_on >= given_on)
);
CREATE INDEX consent_site ON consent (site, id);
CREATE UNIQUE INDEX consent_now ON consent (site, kind) WHERE withdrawn_on IS NULL;

-- A list of households leaves the county when one person asks and another releases.
CREATE TABLE household_list (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    area bigint NOT NULL REFERENCES area,
    why text NOT NULL,
    asked_by text NOT NULL,
    asked_at timestamptz NOT NULL DEFAULT now(),
    released_by text,
    released_at timestamptz,
    taken_at timestamptz,
    CHECK (released_by <> asked_by)
);
