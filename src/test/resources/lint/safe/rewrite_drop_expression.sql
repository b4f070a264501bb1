--liquibase formatted sql

--changeset lint:001
--comment ALTER TABLE: DROP EXPRESSION keeps the stored values and touches no row.
ALTER TABLE product ALTER COLUMN label DROP EXPRESSION;

--rollback empty because it is an example
