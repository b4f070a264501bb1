--liquibase formatted sql

--changeset lint:001 runInTransaction:false
--comment pgvector: 384 dimensions, indexed in half precision over a cast, serially, with memory for it.
SET max_parallel_maintenance_workers = 0;
SET maintenance_work_mem = '40GB';
CREATE INDEX CONCURRENTLY passage_embedding_idx ON passage USING hnsw ((embedding::halfvec(384)) halfvec_ip_ops);

--rollback DROP INDEX CONCURRENTLY passage_embedding_idx;
