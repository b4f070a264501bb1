--liquibase formatted sql
--expect dropped-column public.orders.note

--changeset lint:001
--comment ALTER TABLE: DROP COLUMN; who still selects it fails.
ALTER TABLE orders DROP COLUMN note;

--rollback ALTER TABLE orders ADD COLUMN note text;
