--liquibase formatted sql
--expect pgvector-too-old public.passage_embedding_idx

--changeset lint:001 runInTransaction:false
--comment CVE-2026-3172: a parallel HNSW build overflows a buffer before pgvector 0.8.2; the database here is at 0.8.0.
SET maintenance_work_mem = '40GB';
CREATE INDEX CONCURRENTLY passage_embedding_idx ON passage USING hnsw ((embedding::vector(384)) vector_cosine_ops);

--rollback DROP INDEX CONCURRENTLY passage_embedding_idx;
