--liquibase formatted sql
--expect constraint-validated-under-lock public.orders.orders_rating_check

--changeset lint:001
--comment ALTER TABLE: a CHECK that comes with a new column is verified on all rows.
ALTER TABLE orders ADD COLUMN rating bigint DEFAULT 3 CHECK (rating BETWEEN 1 AND 5);

--rollback ALTER TABLE orders DROP COLUMN rating;
