--liquibase formatted sql
--expect no-lock-timeout public.customer

--changeset lint:001
--comment lock_timeout: zero disables it; who waits for ACCESS EXCLUSIVE makes everybody behind it wait.
SET LOCAL lock_timeout = 0;
ALTER TABLE customer ADD COLUMN vip boolean;

--rollback ALTER TABLE customer DROP COLUMN vip;
