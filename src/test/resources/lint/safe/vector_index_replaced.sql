--liquibase formatted sql

--changeset lint:001 runInTransaction:false
--comment pgvector: the new one first; the old one goes when the new one is valid.
SET max_parallel_maintenance_workers = 0;
CREATE INDEX CONCURRENTLY document_embedding_new_idx ON document USING hnsw (embedding vector_cosine_ops) WITH (m = 24);
DROP INDEX CONCURRENTLY document_embedding_idx;
ALTER INDEX document_embedding_new_idx RENAME TO document_embedding_idx;

--rollback DROP INDEX document_embedding_idx;
--rollback CREATE INDEX document_embedding_idx ON document USING hnsw (embedding vector_cosine_ops);
