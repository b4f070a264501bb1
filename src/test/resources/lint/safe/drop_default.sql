--liquibase formatted sql

--changeset lint:001
--comment ALTER TABLE: DROP DEFAULT changes no row.
ALTER TABLE customer ALTER COLUMN country DROP DEFAULT;

--rollback ALTER TABLE customer ALTER COLUMN country SET DEFAULT 'NL';
