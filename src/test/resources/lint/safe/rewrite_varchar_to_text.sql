--liquibase formatted sql

--changeset lint:001
--comment ALTER TABLE: varchar and text are binary coercible; indexes on them stay as they are.
ALTER TABLE customer ALTER COLUMN phone TYPE text;

--rollback ALTER TABLE customer ALTER COLUMN phone TYPE varchar(10);
