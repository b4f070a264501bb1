--liquibase formatted sql
--expect table-rewrite public.audit_log

--changeset lint:001
--comment ALTER TABLE: SET UNLOGGED rewrites the table under ACCESS EXCLUSIVE.
ALTER TABLE audit_log SET UNLOGGED;

--rollback ALTER TABLE audit_log SET LOGGED;
