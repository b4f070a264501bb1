--liquibase formatted sql

--changeset lint:001 runInTransaction:false
--comment REINDEX CONCURRENTLY: the new index is valid before the old one goes.
SET max_parallel_maintenance_workers = 0;
REINDEX INDEX CONCURRENTLY document_embedding_idx;

--rollback empty because it is an example
