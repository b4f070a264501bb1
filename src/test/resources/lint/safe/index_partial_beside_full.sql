--liquibase formatted sql

--changeset lint:001 runInTransaction:false
--comment Partial indexes: small, and another index than the full one.
CREATE INDEX CONCURRENTLY orders_new_idx ON orders (customer_id) WHERE status = 'new';

--rollback DROP INDEX CONCURRENTLY orders_new_idx;
