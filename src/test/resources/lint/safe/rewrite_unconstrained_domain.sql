--liquibase formatted sql

--changeset lint:001
--comment ALTER TABLE: a domain without constraints is its base type.
ALTER TABLE warehouse ADD COLUMN contact email_address;

--rollback ALTER TABLE warehouse DROP COLUMN contact;
