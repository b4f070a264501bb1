--liquibase formatted sql
--expect table-rewrite public.product

--changeset lint:001
--comment ALTER TABLE: only a type change that leaves the contents alone needs no rewrite; another scale rounds every value.
ALTER TABLE product ALTER COLUMN price TYPE numeric(12, 4);

--rollback ALTER TABLE product ALTER COLUMN price TYPE numeric(10, 2);
