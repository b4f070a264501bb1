--liquibase formatted sql

--changeset lint:001 runInTransaction:false
--comment pgvector: binary quantisation, for candidates that are ranked again.
SET max_parallel_maintenance_workers = 0;
CREATE INDEX CONCURRENTLY document_bit_idx ON document USING hnsw ((binary_quantize(embedding)::bit(384)) bit_hamming_ops);

--rollback DROP INDEX CONCURRENTLY document_bit_idx;
