--liquibase formatted sql

-- NULL in jobs of older versions, whose idempotency_key is the client's own. Newer versions store a hash of caller and
-- key there, so the unique constraint of both versions holds while replicas are replaced.

--changeset ingestion:005
--comment tells a repeated request from another one with the same key
ALTER TABLE ingestion_job ADD COLUMN request_hash bytea;

COMMENT ON COLUMN ingestion_job.request_hash    IS 'SHA-256 of the uncompressed body; NULL until the whole body has arrived, and in jobs of older versions';
COMMENT ON COLUMN ingestion_job.idempotency_key IS 'Hash of the operation, the caller and its Idempotency-Key; the key itself in jobs of older versions';

/* liquibase rollback
COMMENT ON COLUMN ingestion_job.idempotency_key IS 'What the client calls the request, so that a repeated one gets the first one''s result';
ALTER TABLE ingestion_job DROP COLUMN request_hash;
*/
