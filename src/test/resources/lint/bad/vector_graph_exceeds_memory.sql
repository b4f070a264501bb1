--liquibase formatted sql
--expect graph-exceeds-maintenance-memory public.passage_embedding_idx

--changeset lint:001 runInTransaction:false
--comment pgvector: a build is much slower once the graph no longer fits into maintenance_work_mem; passage has 10,000,000 rows in production.
SET max_parallel_maintenance_workers = 0;
SET maintenance_work_mem = '1GB';
CREATE INDEX CONCURRENTLY passage_embedding_idx ON passage USING hnsw ((embedding::vector(384)) vector_cosine_ops);

--rollback DROP INDEX CONCURRENTLY passage_embedding_idx;
