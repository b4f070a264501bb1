--liquibase formatted sql
--expect table-rewrite public.orders

--changeset lint:001
--comment Release notes of PostgreSQL 12: timestamp to timestamptz needs no rewrite only when the session time zone is UTC.
SET LOCAL timezone = 'Europe/Amsterdam';
ALTER TABLE orders ALTER COLUMN delivered_at TYPE timestamptz;

--rollback SET LOCAL timezone = 'Europe/Amsterdam';
--rollback ALTER TABLE orders ALTER COLUMN delivered_at TYPE timestamp;
