--liquibase formatted sql
--expect foreign-key-without-index public.customer.customer_manager_id_fkey

--changeset lint:001
--comment Foreign keys: the declaration does not create an index on the referencing columns.
ALTER TABLE customer ADD CONSTRAINT customer_manager_id_fkey FOREIGN KEY (manager_id) REFERENCES customer NOT VALID;

--rollback ALTER TABLE customer DROP CONSTRAINT customer_manager_id_fkey;
