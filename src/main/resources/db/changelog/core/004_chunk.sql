--liquibase formatted sql

--changeset core:004
--comment a chunk: as much of a document as the model reads at once
CREATE TABLE chunk (
    collection_id bigint  NOT NULL,
    document_id   uuid    NOT NULL,
    ordinal       integer NOT NULL,
    text          text    NOT NULL,
    token_count   integer NOT NULL,
    start_offset  integer NOT NULL,
    end_offset    integer NOT NULL,
    CONSTRAINT chunk_pkey PRIMARY KEY (collection_id, document_id, ordinal),
    CONSTRAINT chunk_offset_check CHECK (ordinal >= 0 AND start_offset >= 0 AND end_offset >= start_offset)
) PARTITION BY LIST (collection_id);

COMMENT ON TABLE  chunk               IS 'As much of a document as the model reads at once, one partition per collection';
COMMENT ON COLUMN chunk.collection_id IS 'The collection of its document';
COMMENT ON COLUMN chunk.document_id   IS 'Its document; the partition references the partition of document and is deleted with it';
COMMENT ON COLUMN chunk.ordinal       IS 'Position in the document, from 0';
COMMENT ON COLUMN chunk.text          IS 'The text as it stands in the document';
COMMENT ON COLUMN chunk.token_count   IS 'Length in the tokens of the model that splits this collection';
COMMENT ON COLUMN chunk.start_offset  IS 'Where it starts in the document, in UTF-16 code units';
COMMENT ON COLUMN chunk.end_offset    IS 'Where it ends in the document, exclusive, in UTF-16 code units';

--rollback DROP TABLE chunk;
