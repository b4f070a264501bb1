--liquibase formatted sql

--changeset lint:001
--comment TRUNCATE: of a table that the same transaction made.
CREATE TABLE staging (line text);
COMMENT ON TABLE staging IS 'Lines to be loaded';
INSERT INTO staging VALUES ('test');
TRUNCATE staging;

--rollback DROP TABLE staging;
