--liquibase formatted sql

--changeset ingestion:007
--comment how many documents of an upload the model can hardly read
ALTER TABLE ingestion_job ADD COLUMN unreadable bigint NOT NULL DEFAULT 0;

COMMENT ON COLUMN ingestion_job.unreadable IS 'Documents that were embedded although most of the text is in a script that the model does not know';

--rollback ALTER TABLE ingestion_job DROP COLUMN unreadable;
