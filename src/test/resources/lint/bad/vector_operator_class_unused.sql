--liquibase formatted sql
--expect unused-operator-class public.passage_embedding_idx

--changeset lint:001 runInTransaction:false
--comment pgvector: an index serves the one operator of its class; nobody searches by taxicab distance.
SET maintenance_work_mem = '40GB';
SET max_parallel_maintenance_workers = 0;
CREATE INDEX CONCURRENTLY passage_embedding_idx ON passage USING hnsw ((embedding::vector(384)) vector_l1_ops);

--rollback DROP INDEX CONCURRENTLY passage_embedding_idx;
