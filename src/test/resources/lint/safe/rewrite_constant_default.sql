--liquibase formatted sql

--changeset lint:001
--comment ALTER TABLE: a non-volatile DEFAULT is evaluated once and kept in the metadata; very fast even on large tables.
ALTER TABLE customer ADD COLUMN language text NOT NULL DEFAULT 'nl';

--rollback ALTER TABLE customer DROP COLUMN language;
