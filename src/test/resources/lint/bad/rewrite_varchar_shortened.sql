--liquibase formatted sql
--expect table-rewrite public.customer

--changeset lint:001
--comment ALTER TABLE: a shorter limit may cut values, so each is looked at and the table is rewritten.
ALTER TABLE customer ALTER COLUMN phone TYPE varchar(8);

--rollback ALTER TABLE customer ALTER COLUMN phone TYPE varchar(10);
