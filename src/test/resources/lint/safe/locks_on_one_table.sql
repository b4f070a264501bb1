--liquibase formatted sql

--changeset lint:001
--comment ALTER TABLE: one table, several changes, one lock.
ALTER TABLE orders ADD COLUMN gift boolean, ADD COLUMN wrapped boolean;
ALTER TABLE orders ALTER COLUMN gift SET DEFAULT false;

--rollback ALTER TABLE orders DROP COLUMN wrapped, DROP COLUMN gift;
