--liquibase formatted sql

--changeset lint:001
--comment ALTER DOMAIN: NOT VALID does not check existing columns.
ALTER DOMAIN email_address ADD CONSTRAINT email_address_at CHECK (VALUE LIKE '%@%') NOT VALID;

--rollback ALTER DOMAIN email_address DROP CONSTRAINT email_address_at;
