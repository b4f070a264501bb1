--liquibase formatted sql

--changeset template:space_index runInTransaction:false
--comment the HNSW index of one space; parameters: space_id, element (the typed vector), operator_class, m, ef_construction
CREATE INDEX CONCURRENTLY embedding_${space_id}_hnsw ON embedding_${space_id}
    USING hnsw ((${element}) ${operator_class}) WITH (m = ${m}, ef_construction = ${ef_construction});

--rollback DROP INDEX CONCURRENTLY IF EXISTS embedding_${space_id}_hnsw;
