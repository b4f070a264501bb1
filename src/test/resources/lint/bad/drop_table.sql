--liquibase formatted sql
--expect dropped-table public.audit_log

--changeset lint:001
--comment DROP TABLE: the rows are gone, and every version that still reads them fails.
DROP TABLE audit_log;

--rollback CREATE TABLE audit_log (id bigint);
