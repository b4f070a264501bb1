--liquibase formatted sql

--changeset lint:001
--comment ALTER TABLE: varchar to a larger limit is binary compatible: no rewrite, and no rebuild of its index.
ALTER TABLE customer ALTER COLUMN phone TYPE varchar(20);

--rollback ALTER TABLE customer ALTER COLUMN phone TYPE varchar(10);
