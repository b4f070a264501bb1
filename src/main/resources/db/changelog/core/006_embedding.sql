--liquibase formatted sql

--changeset core:006
--comment an embedding: one chunk as a vector in one space
CREATE TABLE embedding (
    space_id      bigint  NOT NULL,
    collection_id bigint  NOT NULL,
    document_id   uuid    NOT NULL,
    ordinal       integer NOT NULL,
    vector        vector  NOT NULL,
    CONSTRAINT embedding_pkey PRIMARY KEY (document_id, ordinal, space_id)
) PARTITION BY LIST (space_id);

COMMENT ON TABLE  embedding               IS 'One chunk as a vector in one space, one partition per space';
COMMENT ON COLUMN embedding.space_id      IS 'The space; not the first column of the key, because a deleted chunk looks its embeddings up without it';
COMMENT ON COLUMN embedding.collection_id IS 'The collection, so that the partition can reference its chunk and is deleted with it';
COMMENT ON COLUMN embedding.document_id   IS 'The document of the chunk';
COMMENT ON COLUMN embedding.ordinal       IS 'The chunk''s position in the document';
COMMENT ON COLUMN embedding.vector        IS 'The embedding; each partition locks its width with a CHECK';

--rollback DROP TABLE embedding;
