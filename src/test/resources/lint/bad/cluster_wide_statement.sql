--liquibase formatted sql
--expect cluster-wide-statement

--changeset lint:001
--comment A role belongs to the server: it exists once for all databases.
CREATE ROLE lint_reader NOLOGIN;

--rollback DROP ROLE lint_reader;
