--liquibase formatted sql
--expect dropped-constraint public.customer.customer_country_check

--changeset lint:001
--comment ALTER TABLE: without the constraint wrong rows come in, and it cannot come back.
ALTER TABLE customer DROP CONSTRAINT customer_country_check;

--rollback ALTER TABLE customer ADD CONSTRAINT customer_country_check CHECK (country IN ('NL', 'BE', 'DE')) NOT VALID;
