-- What is wanted of a device: by name, and a version that rises with each change, also over a restored backup (seconds).
ALTER TABLE device ADD COLUMN wanted jsonb NOT NULL DEFAULT '{}', ADD COLUMN wanted_ver bigint NOT NULL DEFAULT 0;
