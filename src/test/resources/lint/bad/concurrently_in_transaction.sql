--liquibase formatted sql
--expect concurrently-in-transaction

--changeset lint:001
--comment CREATE INDEX CONCURRENTLY cannot be executed within a transaction block.
CREATE INDEX CONCURRENTLY orders_placed_at_idx ON orders (placed_at);

--rollback DROP INDEX CONCURRENTLY orders_placed_at_idx;
