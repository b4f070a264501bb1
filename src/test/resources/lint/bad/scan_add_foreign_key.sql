--liquibase formatted sql
--expect full-scan-under-lock public.customer

--changeset lint:001
--comment ALTER TABLE: ADD FOREIGN KEY takes SHARE ROW EXCLUSIVE on both tables and looks up every row.
ALTER TABLE customer ADD CONSTRAINT customer_referrer_id_fkey FOREIGN KEY (referrer_id) REFERENCES customer;

--rollback ALTER TABLE customer DROP CONSTRAINT customer_referrer_id_fkey;
