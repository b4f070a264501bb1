--liquibase formatted sql

--changeset lint:001
--comment ALTER TABLE: a constraint made wider, in one transaction and without a scan.
ALTER TABLE customer DROP CONSTRAINT customer_country_check;
ALTER TABLE customer ADD CONSTRAINT customer_country_check CHECK (country IN ('NL', 'BE', 'DE', 'FR')) NOT VALID;

--rollback empty because it is an example
