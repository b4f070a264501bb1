--liquibase formatted sql
--expect index-dropped-before-replacement public.document_embedding_idx

--changeset lint:001 runInTransaction:false
--comment pgvector: another operator class does not serve the same searches.
SET max_parallel_maintenance_workers = 0;
CREATE INDEX CONCURRENTLY document_embedding_l2_idx ON document USING hnsw (embedding vector_l2_ops);
DROP INDEX CONCURRENTLY document_embedding_idx;

--rollback CREATE INDEX document_embedding_idx ON document USING hnsw (embedding vector_cosine_ops);
--rollback DROP INDEX document_embedding_l2_idx;
