--liquibase formatted sql
--expect constraint-validated-under-lock public.customer.email_address_at

--changeset lint:001
--comment ALTER DOMAIN: ADD CHECK checks every column of the domain, under SHARE on its tables.
ALTER DOMAIN email_address ADD CONSTRAINT email_address_at CHECK (VALUE LIKE '%@%');

--rollback ALTER DOMAIN email_address DROP CONSTRAINT email_address_at;
