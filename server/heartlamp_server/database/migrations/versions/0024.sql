-- A drill is marked from the press on. `used`: the alarm that fell into the window, drill or not, "" none yet; several
-- windows may be of one incident, when the key is pressed once more for the same drill.
ALTER TABLE drill ADD used text NOT NULL DEFAULT '';
UPDATE drill SET used = incident WHERE incident IS NOT NULL;
ALTER TABLE drill DROP marked_by, DROP marked_at, DROP CONSTRAINT drill_incident_key;
CREATE INDEX drill_incident ON drill (incident) WHERE incident IS NOT NULL;
-- For which course calls were made: none of a drill's counts once it is real.
ALTER TABLE course ADD drill boolean NOT NULL DEFAULT false;
