--liquibase formatted sql

--changeset lint:001
--comment ALTER TABLE: RENAME of a table that the changeset made.
CREATE TABLE tmp_region (id bigint PRIMARY KEY, nam text);
ALTER TABLE tmp_region RENAME TO region;
ALTER TABLE region RENAME COLUMN nam TO name;
COMMENT ON TABLE region IS 'Where we deliver';

--rollback DROP TABLE region;
