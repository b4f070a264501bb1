--liquibase formatted sql

--changeset lint:001
--comment ALTER TABLE: VALIDATE CONSTRAINT takes SHARE UPDATE EXCLUSIVE, which blocks neither reads nor writes.
ALTER TABLE orders VALIDATE CONSTRAINT orders_total_check;

--rollback empty because it is an example
