--liquibase formatted sql
--expect whole-table-write public.audit_log

--changeset lint:001
--comment DELETE: without WHERE it deletes all rows, and leaves them to VACUUM.
DELETE FROM audit_log;

--rollback empty because it is an example
