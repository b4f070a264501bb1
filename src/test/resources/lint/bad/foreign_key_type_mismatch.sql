--liquibase formatted sql
--expect foreign-key-type-mismatch public.orders.orders_warehouse_id_fkey

--changeset lint:001
--comment Foreign keys: integer referencing bigint works until the referenced key outgrows it.
ALTER TABLE orders ADD CONSTRAINT orders_warehouse_id_fkey FOREIGN KEY (warehouse_id) REFERENCES warehouse NOT VALID;

--rollback ALTER TABLE orders DROP CONSTRAINT orders_warehouse_id_fkey;
