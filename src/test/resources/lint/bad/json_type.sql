--liquibase formatted sql
--expect json-type public.product.attributes

--changeset lint:001
--comment JSON types: json is kept as text, has no equality and is parsed at every use; most should prefer jsonb.
ALTER TABLE product ADD COLUMN attributes json;

--rollback ALTER TABLE product DROP COLUMN attributes;
