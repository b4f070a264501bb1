--liquibase formatted sql

--changeset lint:001
--comment DELETE: one row, found by its key.
DELETE FROM audit_log WHERE id = 3;

--rollback empty because it is an example
