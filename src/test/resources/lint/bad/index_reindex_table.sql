--liquibase formatted sql
--expect reindex-blocks public.audit_log_pkey
--expect reindex-blocks public.audit_log_at_idx

--changeset lint:001
--comment REINDEX: locks out writes but not reads of the parent table, and ACCESS EXCLUSIVE on the index.
REINDEX TABLE audit_log;

--rollback empty because it is an example
