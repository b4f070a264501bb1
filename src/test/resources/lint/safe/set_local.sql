--liquibase formatted sql

--changeset lint:001
--comment SET LOCAL: the value lasts until the end of the transaction.
SET LOCAL session_replication_role = replica;
UPDATE customer SET phone = NULL WHERE id = 1;

--rollback empty because it is an example
