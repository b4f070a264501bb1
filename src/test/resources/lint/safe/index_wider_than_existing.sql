--liquibase formatted sql

--changeset lint:001 runInTransaction:false
--comment Multicolumn indexes: a wider index serves more than the narrow one, which can go in the next step.
CREATE INDEX CONCURRENTLY audit_log_at_message_idx ON audit_log (at, message);

--rollback DROP INDEX CONCURRENTLY audit_log_at_message_idx;
