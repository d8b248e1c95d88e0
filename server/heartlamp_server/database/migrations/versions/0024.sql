-- A drill is marked from the press on. `used`: the alarm that fell into the window, drill or not, "" none yet; several
-- windows may be of one incident, when the key is pressed once more for the same drill.
ALTER TABLE drill ADD used text NOT NULL DEFAULT '';
UPDATE drill SET used = incident WHERE incident IS NOT NULL;
ALTER TABLE drill DROP marked_by, DROP marked_at, DROP CONSTRAINT drill_incident_key;
CREATE INDEX drill_incident ON drill (incident) WHERE incident IS NOT NULL;
-- For which course calls were made: none of a drill's counts once it is real.
ALTER TABLE course ADD drill boolean NOT NULL DEFAULT false;

-- Which open incidents a worker of the escalation looks at next. It read all of them each second; now whatever changes
-- one says so, in its own transaction, and what time makes due is in course_look.
CREATE TABLE course_wanted (
    incident text PRIMARY KEY REFERENCES incident ON DELETE CASCADE,
    at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE FUNCTION want_course() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'incident' THEN
        INSERT INTO course_wanted (incident) VALUES (NEW.id) ON CONFLICT DO NOTHING;
    ELSE
        INSERT INTO course_wanted (incident) SELECT id FROM incident WHERE id = NEW.incident AND closed_at IS NULL
            ON CONFLICT DO NOTHING;
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION end_course() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM course_wanted WHERE incident = NEW.id;
    UPDATE course SET look_at = NULL WHERE incident = NEW.id AND look_at IS NOT NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER course_of_new AFTER INSERT ON incident FOR EACH ROW WHEN (NEW.closed_at IS NULL)
    EXECUTE FUNCTION want_course();
CREATE TRIGGER course_of_changed AFTER UPDATE ON incident FOR EACH ROW
    WHEN (NEW.closed_at IS NULL AND (NEW.rver, NEW.aver) IS DISTINCT FROM (OLD.rver, OLD.aver))
    EXECUTE FUNCTION want_course();
CREATE TRIGGER course_of_closed AFTER UPDATE ON incident FOR EACH ROW
    WHEN (NEW.closed_at IS NOT NULL AND OLD.closed_at IS NULL) EXECUTE FUNCTION end_course();
-- Lines that change what is to be done without changing the incident's answer.
CREATE TRIGGER course_of_line AFTER INSERT ON timeline FOR EACH ROW
    WHEN (NEW.kind IN ('village_step', 'handled', 'merged', 'parted', 'reopened', 'handed_taken', 'handed_declined',
        'handed_ended'))
    EXECUTE FUNCTION want_course();
INSERT INTO course_wanted (incident) SELECT id FROM incident WHERE closed_at IS NULL;
UPDATE course c SET look_at = NULL FROM incident i WHERE i.id = c.incident AND i.closed_at IS NOT NULL
    AND c.look_at IS NOT NULL;
ALTER TABLE course DROP rver, DROP aver;
-- What a gateway noted of one incident: looked for when the incident goes.
CREATE INDEX note_incident ON note (incident) WHERE incident IS NOT NULL;

-- How many screens follow the feed of this process, for who asks from elsewhere whether notices are seen.
ALTER TABLE process ADD feeds integer NOT NULL DEFAULT 0;
