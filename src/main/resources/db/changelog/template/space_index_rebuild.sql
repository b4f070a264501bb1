--liquibase formatted sql

--changeset template:space_index_rebuild runInTransaction:false
--comment the HNSW index of one space anew, from the rows that are there; parameters: space_id
REINDEX INDEX CONCURRENTLY embedding_${space_id}_hnsw;

--rollback empty because the index has the same rows before and after
