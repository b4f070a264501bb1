--liquibase formatted sql
--expect enum-value-used-in-same-transaction

--changeset lint:001
--comment ALTER TYPE: a value added within a transaction block cannot be used until the transaction has been committed.
ALTER TYPE order_status ADD VALUE 'returned';
INSERT INTO orders (customer_id, status, reference, total, placed_at) VALUES (1, 'returned', 'R0', 1, '2025-01-01');

--rollback empty because it is an example
