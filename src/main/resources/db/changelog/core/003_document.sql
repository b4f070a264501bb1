--liquibase formatted sql

--changeset core:003
--comment a document: what a client sent; its text lives in its chunks
CREATE TABLE document (
    collection_id bigint      NOT NULL,
    id            uuid        NOT NULL,
    external_id   text        NOT NULL,
    title         text,
    uri           text,
    mime_type     text        NOT NULL DEFAULT 'text/plain',
    metadata      jsonb       NOT NULL DEFAULT '{}',
    content_hash  bytea       NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT document_pkey PRIMARY KEY (collection_id, id),
    CONSTRAINT document_external_id_check CHECK (octet_length(external_id) BETWEEN 1 AND 512),
    CONSTRAINT document_content_hash_check CHECK (octet_length(content_hash) = 32)
) PARTITION BY LIST (collection_id);

COMMENT ON TABLE  document               IS 'What a client sent, one partition per collection; its text lives in its chunks';
COMMENT ON COLUMN document.collection_id IS 'The collection it belongs to';
COMMENT ON COLUMN document.id            IS 'UUID version 8 of collection and external id, so that an upsert needs no lookup';
COMMENT ON COLUMN document.external_id   IS 'The client''s own id, any characters, up to 512 bytes';
COMMENT ON COLUMN document.title         IS 'Shown with a hit';
COMMENT ON COLUMN document.uri           IS 'Where the original lives';
COMMENT ON COLUMN document.mime_type     IS 'The kind of the original';
COMMENT ON COLUMN document.metadata      IS 'The client''s own fields';
COMMENT ON COLUMN document.content_hash  IS 'SHA-256 of the text and of how it was split; equal means nothing has to be embedded again';
COMMENT ON COLUMN document.created_at    IS 'When it was first stored';
COMMENT ON COLUMN document.updated_at    IS 'When its content, title, uri or metadata last changed';

--rollback DROP TABLE document;
