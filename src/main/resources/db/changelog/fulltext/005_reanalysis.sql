--liquibase formatted sql

--changeset fulltext:005
--comment how far the words of a collection are found again after a change of its analyzer or language
CREATE TABLE reanalysis (
    collection_id bigint      NOT NULL,
    started_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    document_id   uuid        NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    ordinal       integer     NOT NULL DEFAULT -1,
    CONSTRAINT reanalysis_pkey PRIMARY KEY (collection_id)
);

COMMENT ON TABLE  reanalysis               IS 'A change of the analyzer or language of a collection that is not complete';
COMMENT ON COLUMN reanalysis.collection_id IS 'The collection; no foreign key, so that nothing waits for a batch';
COMMENT ON COLUMN reanalysis.started_at    IS 'When the change was requested';
COMMENT ON COLUMN reanalysis.document_id   IS 'The document of the last chunk that is done';
COMMENT ON COLUMN reanalysis.ordinal       IS 'The ordinal of the last chunk that is done';

-- The settings also say it. So a change continues after this changeset was rolled back and applied again.
INSERT INTO reanalysis (collection_id)
     SELECT id FROM collection WHERE settings -> 'reanalysis' IS NOT NULL;

--rollback DROP TABLE reanalysis;
