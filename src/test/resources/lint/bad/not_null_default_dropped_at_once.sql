--liquibase formatted sql
--expect added-not-null-column public.customer.language

--changeset lint:001
--comment ALTER TABLE: the default fills the old rows and is gone when an old version inserts.
ALTER TABLE customer ADD COLUMN language text NOT NULL DEFAULT 'nl';
ALTER TABLE customer ALTER COLUMN language DROP DEFAULT;

--rollback ALTER TABLE customer DROP COLUMN language;
