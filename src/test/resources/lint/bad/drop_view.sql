--liquibase formatted sql
--expect dropped-view public.customer_order

--changeset lint:001
--comment DROP VIEW: whoever reads it fails.
DROP VIEW customer_order;

--rollback CREATE VIEW customer_order AS SELECT name FROM customer;
