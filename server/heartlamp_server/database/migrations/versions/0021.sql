-- Both are believed and let in; the county signs by the other one, until this one is used for the first time. Then it
-- takes the other one's place.
ALTER TABLE device_key ADD pending boolean NOT NULL DEFAULT false;
