--liquibase formatted sql
--expect foreign-key-validated-under-lock public.customer.customer_referrer_id_fkey

--changeset lint:001
--comment ALTER TABLE: ADD FOREIGN KEY takes SHARE ROW EXCLUSIVE on both tables and looks up every row.
ALTER TABLE customer ADD CONSTRAINT customer_referrer_id_fkey FOREIGN KEY (referrer_id) REFERENCES customer;

--rollback ALTER TABLE customer DROP CONSTRAINT customer_referrer_id_fkey;
