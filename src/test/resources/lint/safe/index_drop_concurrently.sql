--liquibase formatted sql

--changeset lint:001 runInTransaction:false
--comment DROP INDEX CONCURRENTLY: without locking out concurrent selects, inserts, updates and deletes.
DROP INDEX CONCURRENTLY orders_customer_id_idx;

--rollback CREATE INDEX CONCURRENTLY orders_customer_id_idx ON orders (customer_id);
