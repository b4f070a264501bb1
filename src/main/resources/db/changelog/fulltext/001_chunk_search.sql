--liquibase formatted sql

--changeset fulltext:001
--comment what full-text search reads
ALTER TABLE chunk ADD COLUMN search tsvector GENERATED ALWAYS AS (to_tsvector('english', text)) STORED;

CREATE INDEX chunk_search_idx ON chunk USING gin (search);

COMMENT ON COLUMN chunk.search IS 'The lexemes of the text';

--rollback ALTER TABLE chunk DROP COLUMN search;
