--liquibase formatted sql

--changeset lint:001
--comment UPDATE: one row, found by its key.
UPDATE customer SET name = 'Ann' WHERE id = 7;

--rollback UPDATE customer SET name = 'Customer 7' WHERE id = 7;
