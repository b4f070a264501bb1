--liquibase formatted sql
--expect renamed-table public.warehouse

--changeset lint:001
--comment ALTER TABLE: RENAME; every running version asks for the old name.
ALTER TABLE warehouse RENAME TO depot;

--rollback ALTER TABLE depot RENAME TO warehouse;
