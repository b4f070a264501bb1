--liquibase formatted sql

-- The removal of old jobs looks for them every second.

--changeset ingestion:003 runInTransaction:false
--comment finds the jobs that ended long ago without a look at the others
CREATE INDEX CONCURRENTLY ingestion_job_finished_idx ON ingestion_job (finished_at) WHERE finished_at IS NOT NULL;

--rollback DROP INDEX CONCURRENTLY IF EXISTS ingestion_job_finished_idx;
