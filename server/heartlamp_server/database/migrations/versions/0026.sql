-- A plan names persons by a hash of their names; who is behind one was found by hashing every person of the county, for
-- each call that is followed. Immutable, as PostgreSQL cannot know of convert_to: a database has one encoding.
CREATE FUNCTION person_target(name text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS
    $$ SELECT 'p-' || left(encode(sha256(convert_to(name, 'UTF8')), 'hex'), 16) $$;
CREATE INDEX person_target ON person (person_target(name));

-- A batch of a hundred alarms says once what it opened.
DROP TRIGGER course_of_new ON incident;
CREATE FUNCTION want_courses() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO course_wanted (incident) SELECT id FROM opened WHERE closed_at IS NULL ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER course_of_new AFTER INSERT ON incident REFERENCING NEW TABLE AS opened FOR EACH STATEMENT
    EXECUTE FUNCTION want_courses();
