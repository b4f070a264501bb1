--liquibase formatted sql

--changeset lint:001
--comment ALTER TABLE: now() is stable, evaluated once at the time of the statement.
ALTER TABLE customer ADD COLUMN joined_at timestamptz NOT NULL DEFAULT now();

--rollback ALTER TABLE customer DROP COLUMN joined_at;
