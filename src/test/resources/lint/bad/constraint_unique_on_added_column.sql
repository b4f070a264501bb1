--liquibase formatted sql
--expect unique-built-under-lock public.warehouse.warehouse_code_key

--changeset lint:001
--comment ALTER TABLE: a UNIQUE that comes with a new column is built over all rows.
ALTER TABLE warehouse ADD COLUMN code text UNIQUE;

--rollback ALTER TABLE warehouse DROP COLUMN code;
