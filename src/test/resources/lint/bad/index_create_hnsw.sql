--liquibase formatted sql
--expect index-build-blocks-writes public.document_embedding_l2_idx

--changeset lint:001
--comment pgvector: building an HNSW index takes long; CREATE INDEX CONCURRENTLY keeps writers going.
SET LOCAL max_parallel_maintenance_workers = 0;
CREATE INDEX document_embedding_l2_idx ON document USING hnsw (embedding vector_l2_ops);

--rollback DROP INDEX document_embedding_l2_idx;
