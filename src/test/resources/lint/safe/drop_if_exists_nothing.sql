--liquibase formatted sql

--changeset lint:001
--comment DROP TABLE IF EXISTS of a table that is not there.
DROP TABLE IF EXISTS no_such_table;

--rollback empty because it is an example
