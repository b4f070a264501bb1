--liquibase formatted sql
--expect set-not-null-scans public.customer.phone

--changeset lint:001
--comment ALTER TABLE: SET NOT NULL scans the whole table under ACCESS EXCLUSIVE, unless a valid CHECK proves that no NULL can exist.
ALTER TABLE customer ALTER COLUMN phone SET NOT NULL;

--rollback ALTER TABLE customer ALTER COLUMN phone DROP NOT NULL;
