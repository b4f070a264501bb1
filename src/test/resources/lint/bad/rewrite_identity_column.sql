--liquibase formatted sql
--expect table-rewrite public.legacy_import

--changeset lint:001
--comment ALTER TABLE: adding an identity column requires the entire table and its indexes to be rewritten.
ALTER TABLE legacy_import ADD COLUMN serial_number bigint GENERATED ALWAYS AS IDENTITY;

--rollback ALTER TABLE legacy_import DROP COLUMN serial_number;
