--liquibase formatted sql

--changeset core:010
--comment with which ef_search the searches of a space hold the recall that its collection declares
ALTER TABLE embedding_space
    ADD COLUMN held_recall    double precision,
    ADD COLUMN held_ef_search integer,
    ADD COLUMN held_within    integer;

COMMENT ON COLUMN embedding_space.held_recall    IS 'The declared recall for which held_ef_search was chosen; null if none was';
COMMENT ON COLUMN embedding_space.held_ef_search IS 'The hnsw.ef_search that holds it, or comes as near as is allowed';
COMMENT ON COLUMN embedding_space.held_within    IS 'The largest hnsw.ef_search that was allowed';

--rollback ALTER TABLE embedding_space DROP COLUMN held_within, DROP COLUMN held_ef_search, DROP COLUMN held_recall;
