--liquibase formatted sql
--expect unique-built-under-lock public.customer.customer_phone_key

--changeset lint:001
--comment ALTER TABLE: ADD UNIQUE builds its index under ACCESS EXCLUSIVE.
ALTER TABLE customer ADD CONSTRAINT customer_phone_key UNIQUE (phone);

--rollback ALTER TABLE customer DROP CONSTRAINT customer_phone_key;
