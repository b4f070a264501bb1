--liquibase formatted sql
--expect lock-order public.customer

--changeset lint:001
--comment Explicit locking, deadlocks: the first lock on an object should be the most restrictive one that the transaction needs.
UPDATE customer SET name = 'Ann' WHERE id = 1;
ALTER TABLE customer ADD COLUMN vip boolean;

--rollback ALTER TABLE customer DROP COLUMN vip;
