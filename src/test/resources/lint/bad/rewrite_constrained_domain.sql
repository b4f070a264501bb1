--liquibase formatted sql
--expect table-rewrite public.orders

--changeset lint:001
--comment ALTER TABLE: adding a column of a domain type that has constraints requires the table to be rewritten.
ALTER TABLE orders ADD COLUMN discount positive_amount;

--rollback ALTER TABLE orders DROP COLUMN discount;
