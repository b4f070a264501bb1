--liquibase formatted sql

--changeset lint:001
--comment ALTER TABLE: a valid CHECK that proves no NULL can exist makes SET NOT NULL skip the scan; the CHECK has done its work.
ALTER TABLE orders ALTER COLUMN reference SET NOT NULL;
ALTER TABLE orders DROP CONSTRAINT orders_reference_check;

--rollback ALTER TABLE orders ADD CONSTRAINT orders_reference_check CHECK (reference IS NOT NULL) NOT VALID;
--rollback ALTER TABLE orders ALTER COLUMN reference DROP NOT NULL;
