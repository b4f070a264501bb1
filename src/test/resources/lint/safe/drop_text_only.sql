--liquibase formatted sql

--changeset lint:001
--comment The words in a string and in a name.
ALTER TABLE customer ADD COLUMN "drop table orders" text DEFAULT 'DROP TABLE orders; TRUNCATE customer';

--rollback ALTER TABLE customer DROP COLUMN "drop table orders";
