--liquibase formatted sql
--expect validation-in-same-transaction public.audit_log.audit_log_message_check

--changeset lint:001
--comment ALTER TABLE: VALIDATE is gentle by itself, but ACCESS EXCLUSIVE from the statement before is held until the end of the transaction.
ALTER TABLE audit_log ADD CONSTRAINT audit_log_message_check CHECK (message <> '') NOT VALID;
ALTER TABLE audit_log VALIDATE CONSTRAINT audit_log_message_check;

--rollback ALTER TABLE audit_log DROP CONSTRAINT audit_log_message_check;
