--liquibase formatted sql
--expect table-rewrite public.measurement

--changeset lint:001
--comment ALTER TABLE: a change of the parent is done to every partition.
ALTER TABLE measurement ALTER COLUMN reading TYPE double precision;

--rollback ALTER TABLE measurement ALTER COLUMN reading TYPE numeric;
