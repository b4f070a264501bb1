--liquibase formatted sql

--changeset lint:001
--comment ALTER TABLE: RENAME CONSTRAINT changes a name that no query says.
ALTER TABLE orders RENAME CONSTRAINT orders_total_check TO orders_total_positive;

--rollback ALTER TABLE orders RENAME CONSTRAINT orders_total_positive TO orders_total_check;
