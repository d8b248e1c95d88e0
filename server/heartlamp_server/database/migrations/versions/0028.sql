-- A call whose matter was corrected (a forged frame had said another) is followed anew: by what holds for the true one.
CREATE FUNCTION anew_course() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM course WHERE incident = NEW.incident;
    INSERT INTO course_wanted (incident) SELECT id FROM incident WHERE id = NEW.incident AND closed_at IS NULL
        ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER course_of_corrected AFTER INSERT ON timeline FOR EACH ROW WHEN (NEW.kind = 'corrected')
    EXECUTE FUNCTION anew_course();
-- Those that were corrected before, and are open.
DELETE FROM course WHERE incident IN
    (SELECT t.incident FROM timeline t JOIN incident i ON i.id = t.incident
     WHERE i.closed_at IS NULL AND t.kind = 'corrected');
INSERT INTO course_wanted (incident) SELECT DISTINCT t.incident FROM timeline t JOIN incident i ON i.id = t.incident
    WHERE i.closed_at IS NULL AND t.kind = 'corrected' ON CONFLICT DO NOTHING;
