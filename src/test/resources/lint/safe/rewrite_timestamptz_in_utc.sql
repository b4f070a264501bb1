--liquibase formatted sql

--changeset lint:001
--comment Release notes of PostgreSQL 12: timestamp to timestamptz needs no rewrite when the session time zone is UTC.
SET LOCAL timezone = 'UTC';
ALTER TABLE orders ALTER COLUMN delivered_at TYPE timestamptz;

--rollback SET LOCAL timezone = 'UTC';
--rollback ALTER TABLE orders ALTER COLUMN delivered_at TYPE timestamp;
