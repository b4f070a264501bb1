--liquibase formatted sql
--expect vector-width-differs public.passage_embedding_idx

--changeset lint:001 runInTransaction:false
--comment An index over vector(1024) serves no search with a vector of 384.
SET maintenance_work_mem = '80GB';
SET max_parallel_maintenance_workers = 0;
CREATE INDEX CONCURRENTLY passage_embedding_idx ON passage USING hnsw ((embedding::vector(1024)) vector_cosine_ops) WHERE vector_dims(embedding) = 1024;

--rollback DROP INDEX CONCURRENTLY passage_embedding_idx;
