--liquibase formatted sql
--expect index-drop-blocks public.audit_log_at_idx

--changeset lint:001
--comment DROP INDEX: takes ACCESS EXCLUSIVE on the parent table, blocking other accesses.
DROP INDEX audit_log_at_idx;

--rollback CREATE INDEX audit_log_at_idx ON audit_log (at);
