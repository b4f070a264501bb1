--liquibase formatted sql
--expect dropped-table public.customer
--expect dropped-view public.customer_order

--changeset lint:001
--comment DROP TABLE: CASCADE drops the views over it, and the foreign keys to it, which need no finding of their own.
DROP TABLE customer CASCADE;

--rollback CREATE TABLE customer (id bigint);
