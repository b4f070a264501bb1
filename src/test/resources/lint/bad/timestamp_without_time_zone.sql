--liquibase formatted sql
--expect timestamp-without-time-zone public.orders.shipped_at

--changeset lint:001
--comment Date/time types: timestamp keeps no zone, and means what each session takes it for.
ALTER TABLE orders ADD COLUMN shipped_at timestamp;

--rollback ALTER TABLE orders DROP COLUMN shipped_at;
