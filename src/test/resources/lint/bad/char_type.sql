--liquibase formatted sql
--expect char-type public.customer.language

--changeset lint:001
--comment Character types: char(n) is padded with blanks, and is usually the slowest of the three.
ALTER TABLE customer ADD COLUMN language char(2);

--rollback ALTER TABLE customer DROP COLUMN language;
