-- A gateway is a village's, or one device's own way to the county.
ALTER TABLE gateway
    ALTER village DROP NOT NULL,
    ADD device text UNIQUE REFERENCES device,
    ADD CHECK ((village IS NULL) <> (device IS NULL));
