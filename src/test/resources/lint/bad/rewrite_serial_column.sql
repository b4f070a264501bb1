--liquibase formatted sql
--expect table-rewrite public.legacy_import

--changeset lint:001
--comment Serial types: bigserial is a default of nextval(), which is volatile.
ALTER TABLE legacy_import ADD COLUMN serial_number bigserial;

--rollback ALTER TABLE legacy_import DROP COLUMN serial_number;
