--liquibase formatted sql
--expect lock-order public.orders

--changeset lint:001
--comment Explicit locking, deadlocks: the best defense is that everybody takes locks on several objects in the same order; writers go from the order to its lines.
ALTER TABLE order_line ADD COLUMN gift boolean;
ALTER TABLE orders ADD COLUMN gift boolean;

--rollback ALTER TABLE orders DROP COLUMN gift;
--rollback ALTER TABLE order_line DROP COLUMN gift;
