--liquibase formatted sql

-- When a job fails, the oldest uploads of failed jobs of its caller may be deleted.

--changeset ingestion:006 runInTransaction:false
--comment finds the failed jobs of a caller without a look at the others
CREATE INDEX CONCURRENTLY ingestion_job_failed_idx ON ingestion_job (created_by, finished_at) WHERE state = 'failed';

--rollback DROP INDEX CONCURRENTLY IF EXISTS ingestion_job_failed_idx;
