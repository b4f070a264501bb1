--liquibase formatted sql
--expect table-rewrite public.audit_log
--expect varchar-limit public.audit_log.message

--changeset lint:001
--comment ALTER TABLE: text to varchar(n) has to look at every value.
ALTER TABLE audit_log ALTER COLUMN message TYPE varchar(500);

--rollback ALTER TABLE audit_log ALTER COLUMN message TYPE text;
