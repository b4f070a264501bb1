--liquibase formatted sql
--expect dropped-not-null public.customer.name

--changeset lint:001
--comment ALTER TABLE: DROP NOT NULL; old versions do not expect NULL.
ALTER TABLE customer ALTER COLUMN name DROP NOT NULL;

--rollback empty because it is an example
