--liquibase formatted sql

-- A partition has the types of its parent, so vectors of half precision have a parent of their own. A column of
-- embedding would lock the partitions of all spaces at once, for which a server with many collections has no locks.

--changeset core:011
--comment vectors that are stored in half precision, and the method of a space's index
ALTER TABLE embedding_space
    ADD COLUMN storage      text NOT NULL DEFAULT 'full',
    ADD COLUMN index_method text NOT NULL DEFAULT 'hnsw',
    ADD CONSTRAINT embedding_space_storage_check CHECK (storage IN ('full', 'half')),
    ADD CONSTRAINT embedding_space_storage_precision_check CHECK (storage = 'full' OR "precision" <> 'full'),
    ADD CONSTRAINT embedding_space_index_method_check CHECK (index_method IN ('hnsw'));

COMMENT ON COLUMN embedding_space.storage      IS 'What its table keeps of a vector: full in a partition of embedding, half in one of embedding_half';
COMMENT ON COLUMN embedding_space.index_method IS 'The access method of its index, with which the name of the index ends';

CREATE TABLE embedding_half (
    space_id      bigint  NOT NULL,
    collection_id bigint  NOT NULL,
    document_id   uuid    NOT NULL,
    ordinal       integer NOT NULL,
    vector        halfvec NOT NULL,
    CONSTRAINT embedding_half_pkey PRIMARY KEY (document_id, ordinal, space_id)
) PARTITION BY LIST (space_id);

-- Partitions take it over. In the row and not beside it, up to 4,000 dimensions, an exact search reads it several times
-- faster.
ALTER TABLE embedding_half ALTER COLUMN vector SET STORAGE MAIN;

COMMENT ON TABLE  embedding_half               IS 'One chunk as a vector in one space, one partition per space that stores half precision';
COMMENT ON COLUMN embedding_half.space_id      IS 'The space; not the first column of the key, because a deleted chunk looks its embeddings up without it';
COMMENT ON COLUMN embedding_half.collection_id IS 'The collection, so that the partition can reference its chunk and is deleted with it';
COMMENT ON COLUMN embedding_half.document_id   IS 'The document of the chunk';
COMMENT ON COLUMN embedding_half.ordinal       IS 'The chunk''s position in the document';
COMMENT ON COLUMN embedding_half.vector        IS 'The embedding, 16 bits per dimension; each partition locks its width with a CHECK';

/* liquibase rollback
DROP TABLE embedding_half;
ALTER TABLE embedding_space
    DROP CONSTRAINT embedding_space_index_method_check,
    DROP CONSTRAINT embedding_space_storage_precision_check,
    DROP CONSTRAINT embedding_space_storage_check,
    DROP COLUMN index_method,
    DROP COLUMN storage;
*/
