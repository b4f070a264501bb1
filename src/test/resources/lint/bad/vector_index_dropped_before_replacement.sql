--liquibase formatted sql
--expect index-dropped-before-replacement public.document_embedding_idx

--changeset lint:001 runInTransaction:false
--comment pgvector: without its index every search reads the whole table until the next one is built.
SET max_parallel_maintenance_workers = 0;
DROP INDEX CONCURRENTLY document_embedding_idx;
CREATE INDEX CONCURRENTLY document_embedding_idx ON document USING hnsw (embedding vector_cosine_ops) WITH (m = 24);

--rollback DROP INDEX document_embedding_idx;
--rollback CREATE INDEX document_embedding_idx ON document USING hnsw (embedding vector_cosine_ops);
