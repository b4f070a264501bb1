--liquibase formatted sql
--expect autovacuum-off public.audit_log

--changeset lint:001
--comment Storage parameters: without autovacuum dead rows stay and statistics age.
ALTER TABLE audit_log SET (autovacuum_enabled = false);

--rollback ALTER TABLE audit_log RESET (autovacuum_enabled);
