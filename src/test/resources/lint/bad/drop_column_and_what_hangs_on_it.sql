--liquibase formatted sql
--expect dropped-column public.customer.phone

--changeset lint:001
--comment ALTER TABLE: indexes and constraints that involve the column are dropped with it, and need no finding of their own.
ALTER TABLE customer DROP COLUMN phone;

--rollback ALTER TABLE customer ADD COLUMN phone text;
