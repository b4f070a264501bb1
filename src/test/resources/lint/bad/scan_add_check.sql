--liquibase formatted sql
--expect constraint-validated-under-lock public.orders.orders_total_limit

--changeset lint:001
--comment ALTER TABLE: ADD CHECK scans the table to verify that all existing rows satisfy it, unless it is NOT VALID.
ALTER TABLE orders ADD CONSTRAINT orders_total_limit CHECK (total < 1000000);

--rollback ALTER TABLE orders DROP CONSTRAINT orders_total_limit;
