--liquibase formatted sql

--changeset lint:001
--comment ALTER TABLE: a column without a default is NULL in every row, without touching any.
ALTER TABLE orders ADD COLUMN gift_message text;

--rollback ALTER TABLE orders DROP COLUMN gift_message;
