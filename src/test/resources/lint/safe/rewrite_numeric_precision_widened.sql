--liquibase formatted sql

--changeset lint:001
--comment Release notes of PostgreSQL 9.2: more precision at the same scale needs no rewrite.
ALTER TABLE product ALTER COLUMN price TYPE numeric(12, 2);

--rollback ALTER TABLE product ALTER COLUMN price TYPE numeric(10, 2);
