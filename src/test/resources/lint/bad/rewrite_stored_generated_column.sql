--liquibase formatted sql
--expect table-rewrite public.orders

--changeset lint:001
--comment ALTER TABLE: adding a stored generated column requires the entire table and its indexes to be rewritten.
ALTER TABLE orders ADD COLUMN total_cents bigint GENERATED ALWAYS AS ((total * 100)::bigint) STORED;

--rollback ALTER TABLE orders DROP COLUMN total_cents;
