--liquibase formatted sql
--expect redundant-index public.orders_customer_idx

--changeset lint:001 runInTransaction:false
--comment Indexes: every one costs every write; the second over the same column serves nothing new.
CREATE INDEX CONCURRENTLY orders_customer_idx ON orders (customer_id);

--rollback DROP INDEX CONCURRENTLY orders_customer_idx;
