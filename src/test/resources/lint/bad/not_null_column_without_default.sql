--liquibase formatted sql
--expect added-not-null-column public.orders.channel

--changeset lint:001
--comment ALTER TABLE: existing rows have no value for it, and old versions insert none.
ALTER TABLE orders ADD COLUMN channel text NOT NULL;

--rollback ALTER TABLE orders DROP COLUMN channel;
