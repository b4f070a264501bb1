--liquibase formatted sql

--changeset lint:001
--comment ALTER TABLE: a foreign key that is NOT VALID is not checked against existing rows.
ALTER TABLE customer ADD CONSTRAINT customer_referrer_id_fkey FOREIGN KEY (referrer_id) REFERENCES customer NOT VALID;

--rollback ALTER TABLE customer DROP CONSTRAINT customer_referrer_id_fkey;
