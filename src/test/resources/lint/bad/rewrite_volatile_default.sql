--liquibase formatted sql
--expect table-rewrite public.customer

--changeset lint:001
--comment ALTER TABLE: adding a column with a volatile DEFAULT requires the entire table and its indexes to be rewritten.
ALTER TABLE customer ADD COLUMN token uuid NOT NULL DEFAULT gen_random_uuid();

--rollback ALTER TABLE customer DROP COLUMN token;
