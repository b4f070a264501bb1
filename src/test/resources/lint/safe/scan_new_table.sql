--liquibase formatted sql

--changeset lint:001
--comment CREATE TABLE: nobody else can see a table before the transaction ends; its scans hold up nobody.
CREATE TABLE carrier (
    id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text
);
COMMENT ON TABLE carrier IS 'Who brings parcels';
INSERT INTO carrier (name) VALUES ('Post'), ('Bike');
ALTER TABLE carrier ALTER COLUMN name SET NOT NULL;
ALTER TABLE carrier ADD CHECK (name <> '');

--rollback DROP TABLE carrier;
