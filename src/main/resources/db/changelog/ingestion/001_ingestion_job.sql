--liquibase formatted sql

--changeset ingestion:001
--comment uploads of many documents, and how far each has come
CREATE TABLE ingestion_job (
    id              bigint        GENERATED ALWAYS AS IDENTITY,
    collection_id   bigint        NOT NULL,
    collection      text          NOT NULL,
    mode            text          NOT NULL,
    state           text          NOT NULL,
    idempotency_key text,
    bytes           bigint        NOT NULL DEFAULT 0,
    "position"      bigint        NOT NULL DEFAULT 0,
    line            bigint        NOT NULL DEFAULT 0,
    read            bigint        NOT NULL DEFAULT 0,
    created         bigint        NOT NULL DEFAULT 0,
    updated         bigint        NOT NULL DEFAULT 0,
    unchanged       bigint        NOT NULL DEFAULT 0,
    replaced        bigint        NOT NULL DEFAULT 0,
    failed          bigint        NOT NULL DEFAULT 0,
    written_at      timestamptz[] NOT NULL DEFAULT '{}',
    attempts        integer       NOT NULL DEFAULT 0,
    due_at          timestamptz   NOT NULL DEFAULT now(),
    lease_holder    uuid,
    lease_until     timestamptz,
    error           text,
    created_at      timestamptz   NOT NULL DEFAULT now(),
    started_at      timestamptz,
    finished_at     timestamptz,
    CONSTRAINT ingestion_job_pkey PRIMARY KEY (id),
    CONSTRAINT ingestion_job_idempotency_key_key UNIQUE (collection_id, idempotency_key),
    CONSTRAINT ingestion_job_idempotency_key_check CHECK (octet_length(idempotency_key) BETWEEN 1 AND 255),
    CONSTRAINT ingestion_job_mode_check CHECK (mode IN ('sync', 'async')),
    CONSTRAINT ingestion_job_state_check CHECK (state IN ('receiving', 'queued', 'running', 'completed', 'failed', 'cancelled'))
);

CREATE INDEX ingestion_job_unfinished_idx ON ingestion_job (id) WHERE finished_at IS NULL;

CREATE TABLE ingestion_part (
    job_id     bigint NOT NULL,
    "position" bigint NOT NULL,
    bytes      bytea  NOT NULL,
    CONSTRAINT ingestion_part_pkey PRIMARY KEY (job_id, "position"),
    CONSTRAINT ingestion_part_job_id_fkey FOREIGN KEY (job_id) REFERENCES ingestion_job ON DELETE CASCADE
);

CREATE TABLE ingestion_error (
    job_id   bigint NOT NULL,
    line     bigint NOT NULL,
    document text,
    type     text   NOT NULL,
    detail   text   NOT NULL,
    CONSTRAINT ingestion_error_pkey PRIMARY KEY (job_id, line),
    CONSTRAINT ingestion_error_job_id_fkey FOREIGN KEY (job_id) REFERENCES ingestion_job ON DELETE CASCADE
);

COMMENT ON TABLE  ingestion_job                 IS 'An upload of many documents, and how far it has come';
COMMENT ON COLUMN ingestion_job.id              IS 'Names it at /api/v1/jobs/<id>';
COMMENT ON COLUMN ingestion_job.collection_id   IS 'The collection; no foreign key, because the job tells its end also when the collection is dropped';
COMMENT ON COLUMN ingestion_job.collection      IS 'The name of the collection, as the client had it';
COMMENT ON COLUMN ingestion_job.mode            IS 'sync: loaded while it is received; async: stored first, loaded by a worker';
COMMENT ON COLUMN ingestion_job.state           IS 'receiving, queued, running, or how it ended: completed, failed, cancelled';
COMMENT ON COLUMN ingestion_job.idempotency_key IS 'What the client calls the request, so that a repeated one gets the first one''s result';
COMMENT ON COLUMN ingestion_job.bytes           IS 'Length of the stored upload, decompressed; 0 when it is not stored';
COMMENT ON COLUMN ingestion_job."position"      IS 'Bytes of it that are done: where to go on after a crash';
COMMENT ON COLUMN ingestion_job.line            IS 'Lines of it that are done, empty ones included';
COMMENT ON COLUMN ingestion_job.read            IS 'Documents read; the sum of the five that follow';
COMMENT ON COLUMN ingestion_job.created         IS 'Documents that were new';
COMMENT ON COLUMN ingestion_job.updated         IS 'Documents that differed from what was stored';
COMMENT ON COLUMN ingestion_job.unchanged       IS 'Documents that did not differ';
COMMENT ON COLUMN ingestion_job.replaced        IS 'Lines that a later line of the same upload took the place of';
COMMENT ON COLUMN ingestion_job.failed          IS 'Lines that could not be stored';
COMMENT ON COLUMN ingestion_job.written_at      IS 'When each batch was written: what carries one of these as updated_at was written by this job';
COMMENT ON COLUMN ingestion_job.attempts        IS 'Attempts since it last got on';
COMMENT ON COLUMN ingestion_job.due_at          IS 'Not to be tried before';
COMMENT ON COLUMN ingestion_job.lease_holder    IS 'The process that works on it';
COMMENT ON COLUMN ingestion_job.lease_until     IS 'Until when that process may be believed to live, by the server''s clock';
COMMENT ON COLUMN ingestion_job.error           IS 'Why the last attempt failed';
COMMENT ON COLUMN ingestion_job.created_at      IS 'When the upload began';
COMMENT ON COLUMN ingestion_job.started_at      IS 'When the first attempt began';
COMMENT ON COLUMN ingestion_job.finished_at     IS 'When it ended, whatever the end';

COMMENT ON TABLE  ingestion_part            IS 'A piece of a stored upload; deleted when the job ends';
COMMENT ON COLUMN ingestion_part.job_id     IS 'The job';
COMMENT ON COLUMN ingestion_part."position" IS 'Where it starts in the upload, in bytes';
COMMENT ON COLUMN ingestion_part.bytes      IS 'The piece, decompressed; lines may go on in the next';

COMMENT ON TABLE  ingestion_error          IS 'A line that could not be stored; kept for a bounded number of them';
COMMENT ON COLUMN ingestion_error.job_id   IS 'The job';
COMMENT ON COLUMN ingestion_error.line     IS 'Its number in the upload, from 1';
COMMENT ON COLUMN ingestion_error.document IS 'The id of the document, where it could be read';
COMMENT ON COLUMN ingestion_error.type     IS 'The problem''s type, as over HTTP';
COMMENT ON COLUMN ingestion_error.detail   IS 'What was wrong and what to do';

/* liquibase rollback
DROP TABLE ingestion_error;
DROP TABLE ingestion_part;
DROP TABLE ingestion_job;
*/
