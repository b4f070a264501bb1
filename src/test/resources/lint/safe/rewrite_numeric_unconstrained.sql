--liquibase formatted sql

--changeset lint:001
--comment Release notes of PostgreSQL 9.2: to unconstrained numeric needs no rewrite.
ALTER TABLE product ALTER COLUMN price TYPE numeric;

--rollback ALTER TABLE product ALTER COLUMN price TYPE numeric(10, 2);
