--liquibase formatted sql

--changeset lint:001 runInTransaction:false
--comment CREATE INDEX CONCURRENTLY: without locks that prevent inserts, updates or deletes.
CREATE INDEX CONCURRENTLY orders_placed_at_idx ON orders (placed_at);

--rollback DROP INDEX CONCURRENTLY orders_placed_at_idx;
