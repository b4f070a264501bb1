--liquibase formatted sql
--expect dropped-constraint public.orders.orders_customer_id_fkey

--changeset lint:001
--comment ALTER TABLE: without the foreign key orders outlive their customer.
ALTER TABLE orders DROP CONSTRAINT orders_customer_id_fkey;

--rollback ALTER TABLE orders ADD CONSTRAINT orders_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES customer NOT VALID;
