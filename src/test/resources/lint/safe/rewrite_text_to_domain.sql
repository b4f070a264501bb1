--liquibase formatted sql

--changeset lint:001
--comment ALTER TABLE: to an unconstrained domain over the old type needs no rewrite.
ALTER TABLE warehouse ALTER COLUMN name TYPE email_address;

--rollback ALTER TABLE warehouse ALTER COLUMN name TYPE text;
