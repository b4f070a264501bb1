--liquibase formatted sql

--changeset lint:001
--comment Release notes of PostgreSQL 9.2: more fractional digits need no rewrite; the column was a timestamp before.
ALTER TABLE orders ALTER COLUMN packed_at TYPE timestamp(6);

--rollback ALTER TABLE orders ALTER COLUMN packed_at TYPE timestamp(3);
