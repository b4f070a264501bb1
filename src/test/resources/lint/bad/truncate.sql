--liquibase formatted sql
--expect truncated-table public.audit_log

--changeset lint:001
--comment TRUNCATE: ACCESS EXCLUSIVE, and every row is gone.
TRUNCATE audit_log;

--rollback empty because it is an example
