--liquibase formatted sql
--expect index-build-blocks-writes public.orders_placed_at_idx

--changeset lint:001
--comment CREATE INDEX: without CONCURRENTLY it locks out writes until it is done.
CREATE INDEX orders_placed_at_idx ON orders (placed_at);

--rollback DROP INDEX orders_placed_at_idx;
