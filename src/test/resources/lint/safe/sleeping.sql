--liquibase formatted sql

--changeset lint:001
--comment pg_sleep: time passes, and nothing is locked.
SELECT pg_sleep(0.02);

--rollback empty because it is an example
