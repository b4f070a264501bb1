--liquibase formatted sql

--changeset lint:001
--comment lock_timeout: a shorter one than the engine sets.
SET LOCAL lock_timeout = '500ms';
ALTER TABLE customer ADD COLUMN vip boolean;

--rollback ALTER TABLE customer DROP COLUMN vip;
