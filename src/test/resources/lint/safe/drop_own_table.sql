--liquibase formatted sql

--changeset lint:001
--comment CREATE TEMP TABLE, and a table that comes and goes in the same changeset.
CREATE TABLE scratch AS SELECT 1 AS one;
DROP TABLE scratch;
CREATE TEMP TABLE work ON COMMIT DROP AS SELECT 2 AS two;

--rollback empty because it is an example
