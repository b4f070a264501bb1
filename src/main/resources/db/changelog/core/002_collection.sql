--liquibase formatted sql

--changeset core:002
--comment a collection: documents that are searched together
CREATE TABLE collection (
    id              bigint      GENERATED ALWAYS AS IDENTITY,
    name            text        NOT NULL,
    description     text,
    settings        jsonb       NOT NULL DEFAULT '{}',
    active_space_id bigint,
    created_at      timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT collection_pkey PRIMARY KEY (id),
    CONSTRAINT collection_name_key UNIQUE (name),
    CONSTRAINT collection_name_check CHECK (name ~ '^[a-z0-9][a-z0-9_-]{0,62}$')
);

COMMENT ON TABLE  collection                 IS 'Documents that are searched together';
COMMENT ON COLUMN collection.id              IS 'Names the partitions of this collection: document_<id>, chunk_<id>';
COMMENT ON COLUMN collection.name            IS 'What clients call it, in every URL';
COMMENT ON COLUMN collection.description     IS 'Free text for people';
COMMENT ON COLUMN collection.settings        IS 'Options that may change later; absent means the default';
COMMENT ON COLUMN collection.active_space_id IS 'The embedding space that searches use';
COMMENT ON COLUMN collection.created_at      IS 'When it was created';

--rollback DROP TABLE collection;
