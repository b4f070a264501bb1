--liquibase formatted sql
--expect table-rewrite public.product

--changeset lint:001
--comment ALTER TABLE: changing the type of an existing column normally causes the entire table and its indexes to be rewritten.
ALTER TABLE product ALTER COLUMN weight TYPE bigint;

--rollback ALTER TABLE product ALTER COLUMN weight TYPE integer;
