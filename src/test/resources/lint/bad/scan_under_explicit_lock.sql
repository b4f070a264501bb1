--liquibase formatted sql
--expect full-scan-under-lock public.audit_log

--changeset lint:001
--comment LOCK: the lock is held until the end of the transaction, whatever reads the table meanwhile.
LOCK TABLE audit_log IN SHARE MODE;
CREATE TABLE audit_log_size AS SELECT count(*) AS messages FROM audit_log;
COMMENT ON TABLE audit_log_size IS 'How many messages there were';

--rollback DROP TABLE audit_log_size;
