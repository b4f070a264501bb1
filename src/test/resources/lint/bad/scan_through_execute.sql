--liquibase formatted sql
--expect constraint-validated-under-lock public.warehouse.warehouse_name_check

--changeset lint:001
--comment ALTER TABLE, its text put together at run time: nothing in the file reads like it.
DO $$
BEGIN
    EXECUTE 'AL' || 'TER TA' || 'BLE ware' || 'house AD' || 'D CHE' || 'CK (name <> '''')';
END $$;

--rollback ALTER TABLE warehouse DROP CONSTRAINT warehouse_name_check;
