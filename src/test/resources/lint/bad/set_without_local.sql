--liquibase formatted sql
--expect set-without-local

--changeset lint:001
--comment SET: without LOCAL, it takes effect for the current session, and stays in effect after the transaction.
SET session_replication_role = replica;
UPDATE customer SET phone = NULL WHERE id = 1;

--rollback empty because it is an example
