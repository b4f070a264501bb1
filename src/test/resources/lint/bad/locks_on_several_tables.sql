--liquibase formatted sql
--expect many-heavy-locks public.customer
--expect many-heavy-locks public.warehouse

--changeset lint:001
--comment Explicit locking: locks are held until the end of the transaction, so the first table waits for the second.
ALTER TABLE orders ADD COLUMN gift boolean;
ALTER TABLE customer ADD COLUMN vip boolean;
ALTER TABLE warehouse ADD COLUMN open boolean;

--rollback ALTER TABLE warehouse DROP COLUMN open;
--rollback ALTER TABLE customer DROP COLUMN vip;
--rollback ALTER TABLE orders DROP COLUMN gift;
