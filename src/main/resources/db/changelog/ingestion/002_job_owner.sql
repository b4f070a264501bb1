--liquibase formatted sql

--changeset ingestion:002
--comment whose job it is
ALTER TABLE ingestion_job ADD COLUMN created_by text;

COMMENT ON COLUMN ingestion_job.created_by IS 'Who sent it, as in audit_event.actor; NULL for jobs from before that was kept';

--rollback ALTER TABLE ingestion_job DROP COLUMN created_by;
