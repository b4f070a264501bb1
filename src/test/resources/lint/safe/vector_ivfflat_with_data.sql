--liquibase formatted sql

--changeset lint:001 runInTransaction:false
--comment pgvector: an IVFFlat index over a table that has rows to cluster.
CREATE INDEX CONCURRENTLY document_ivfflat_idx ON document USING ivfflat (embedding vector_l2_ops) WITH (lists = 10);

--rollback DROP INDEX CONCURRENTLY document_ivfflat_idx;
