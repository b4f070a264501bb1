--liquibase formatted sql
--expect many-heavy-locks public.order_line
--expect lock-order public.order_line

--changeset lint:001
--comment Explicit locking, deadlocks: who inserts a line has locked the lines, and then looks up the order; this comes the other way round.
ALTER TABLE orders ADD COLUMN gift boolean;
ALTER TABLE order_line ADD COLUMN gift boolean;

--rollback ALTER TABLE order_line DROP COLUMN gift;
--rollback ALTER TABLE orders DROP COLUMN gift;
