--liquibase formatted sql

--changeset lint:001
--comment ALTER TABLE: SET NOT NULL on a column that is NOT NULL already does nothing.
ALTER TABLE product ALTER COLUMN name SET NOT NULL;

--rollback empty because it is an example
