--liquibase formatted sql

--changeset lint:001
--comment ALTER TABLE: NOT VALID skips the scan; new rows are checked at once.
ALTER TABLE orders ADD CONSTRAINT orders_total_limit CHECK (total < 1000000) NOT VALID;

--rollback ALTER TABLE orders DROP CONSTRAINT orders_total_limit;
