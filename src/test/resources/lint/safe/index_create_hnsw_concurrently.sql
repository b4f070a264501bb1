--liquibase formatted sql

--changeset lint:001 runInTransaction:false
--comment pgvector: CREATE INDEX CONCURRENTLY, serially where a parallel build is not safe.
SET max_parallel_maintenance_workers = 0;
CREATE INDEX CONCURRENTLY document_embedding_l2_idx ON document USING hnsw (embedding vector_l2_ops);
RESET max_parallel_maintenance_workers;

--rollback DROP INDEX CONCURRENTLY document_embedding_l2_idx;
