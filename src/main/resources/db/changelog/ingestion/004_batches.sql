--liquibase formatted sql

-- A row for each batch, because a list in the job's row is written again with each batch. Older versions go on with
-- ingestion_job.written_at.

--changeset ingestion:004
--comment the batches that a job has written
CREATE TABLE ingestion_batch (
    job_id     bigint      NOT NULL,
    line       bigint      NOT NULL,
    written_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT ingestion_batch_pkey PRIMARY KEY (job_id, line),
    CONSTRAINT ingestion_batch_job_id_fkey FOREIGN KEY (job_id) REFERENCES ingestion_job ON DELETE CASCADE
);

COMMENT ON TABLE  ingestion_batch            IS 'A batch of a job that has not ended; deleted when it ends';
COMMENT ON COLUMN ingestion_batch.job_id     IS 'The job';
COMMENT ON COLUMN ingestion_batch.line       IS 'The number of its last line in the upload';
COMMENT ON COLUMN ingestion_batch.written_at IS 'When it was written: documents with this updated_at were written by this job';

--rollback DROP TABLE ingestion_batch;
