--liquibase formatted sql

--changeset lint:001
--comment ALTER TABLE: SET DEFAULT on its own affects only later INSERTs.
ALTER TABLE customer ADD COLUMN token uuid;
ALTER TABLE customer ALTER COLUMN token SET DEFAULT gen_random_uuid();

--rollback ALTER TABLE customer DROP COLUMN token;
