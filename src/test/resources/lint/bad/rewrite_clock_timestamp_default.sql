--liquibase formatted sql
--expect table-rewrite public.audit_log

--changeset lint:001
--comment ALTER TABLE: clock_timestamp() is volatile, so each row gets a value of its own and the table is rewritten.
ALTER TABLE audit_log ADD COLUMN seen_at timestamptz DEFAULT clock_timestamp();

--rollback ALTER TABLE audit_log DROP COLUMN seen_at;
