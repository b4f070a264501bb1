--liquibase formatted sql

--changeset lint:001
--comment CREATE SCHEMA, CREATE SEQUENCE and settings of the session touch no table.
SET LOCAL statement_timeout = '1h';
CREATE SCHEMA reporting;
CREATE SEQUENCE reporting.ticket_number;

--rollback DROP SCHEMA reporting CASCADE;
