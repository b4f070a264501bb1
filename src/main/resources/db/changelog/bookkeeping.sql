-- What the migration engine remembers about itself. Not a changelog: it has to be there before the first one.
-- Run again as a whole whenever it says something else than before, so every statement may be repeated.

-- The history, in Liquibase's own form, so that any tool that knows Liquibase can read it.
CREATE TABLE IF NOT EXISTS databasechangelog (
    id            varchar(255) NOT NULL,
    author        varchar(255) NOT NULL,
    filename      varchar(255) NOT NULL,
    dateexecuted  timestamp    NOT NULL,
    orderexecuted integer      NOT NULL,
    exectype      varchar(10)  NOT NULL,
    md5sum        varchar(35),
    description   varchar(255),
    comments      varchar(255),
    tag           varchar(255),
    liquibase     varchar(20),
    contexts      varchar(255),
    labels        varchar(255),
    deployment_id varchar(10)
);

CREATE TABLE IF NOT EXISTS schema_gate (
    fingerprint text        NOT NULL,
    history     text        NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT schema_gate_pkey PRIMARY KEY (fingerprint)
);
COMMENT ON TABLE  schema_gate             IS 'Which changelogs were found to be fully applied; one look at it is a whole start at head';
ALTER TABLE schema_gate ADD COLUMN IF NOT EXISTS awaits text[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN schema_gate.fingerprint IS 'SHA-256 of the enabled changelogs; of this file, where history is bookkeeping';
COMMENT ON COLUMN schema_gate.history     IS 'Hash of databasechangelog when they were found applied; another hash means look again';
COMMENT ON COLUMN schema_gate.recorded_at IS 'When that was';
COMMENT ON COLUMN schema_gate.awaits      IS 'Backfills that the rest waits for; when one of them is done, look again';

CREATE TABLE IF NOT EXISTS schema_journal (
    path       text        NOT NULL,
    direction  text        NOT NULL,
    statement  integer     NOT NULL,
    started_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT schema_journal_pkey PRIMARY KEY (path)
);
COMMENT ON TABLE  schema_journal            IS 'Changesets outside a transaction that have begun and not ended; what a crash leaves here is resumed';
COMMENT ON COLUMN schema_journal.path       IS 'The changeset''s file';
COMMENT ON COLUMN schema_journal.direction  IS 'up or down';
COMMENT ON COLUMN schema_journal.statement  IS 'The statement that was begun, from 0';
COMMENT ON COLUMN schema_journal.started_at IS 'When the changeset was begun';

CREATE TABLE IF NOT EXISTS schema_event (
    id                  bigint      GENERATED ALWAYS AS IDENTITY,
    at                  timestamptz NOT NULL DEFAULT now(),
    action              text        NOT NULL,
    path                text,
    duration_ms         bigint,
    role                text        NOT NULL DEFAULT session_user,
    client              text        NOT NULL,
    application_version text        NOT NULL,
    approved_by         text,
    reason              text,
    CONSTRAINT schema_event_pkey PRIMARY KEY (id)
);
COMMENT ON TABLE  schema_event                     IS 'Everything that was ever done to the schema, in order';
COMMENT ON COLUMN schema_event.at                  IS 'When';
COMMENT ON COLUMN schema_event.action              IS 'up, down, force or baseline';
COMMENT ON COLUMN schema_event.path                IS 'The changeset''s file';
COMMENT ON COLUMN schema_event.duration_ms         IS 'How long it took, in milliseconds';
COMMENT ON COLUMN schema_event.role                IS 'The role that did it';
COMMENT ON COLUMN schema_event.client              IS 'user@host/pid of the process that did it';
COMMENT ON COLUMN schema_event.application_version IS 'The version of the application that did it';
COMMENT ON COLUMN schema_event.approved_by         IS 'Who approved it, in production';
COMMENT ON COLUMN schema_event.reason              IS 'Why, where a person gave one';

CREATE TABLE IF NOT EXISTS schema_backup (
    id                  bigint      GENERATED ALWAYS AS IDENTITY,
    file                text        NOT NULL,
    checksum            text        NOT NULL,
    bytes               bigint      NOT NULL,
    schema_fingerprint  text        NOT NULL,
    taken_at            timestamptz NOT NULL,
    verified_at         timestamptz NOT NULL DEFAULT now(),
    role                text        NOT NULL DEFAULT session_user,
    client              text        NOT NULL,
    application_version text        NOT NULL,
    CONSTRAINT schema_backup_pkey PRIMARY KEY (id)
);
COMMENT ON TABLE  schema_backup                     IS 'Backups of this database that were restored and found to be what it was';
COMMENT ON COLUMN schema_backup.file                IS 'The file, as it was named to the process that verified it';
COMMENT ON COLUMN schema_backup.checksum            IS 'The file''s seal, its last 64 characters';
COMMENT ON COLUMN schema_backup.bytes               IS 'Its size';
COMMENT ON COLUMN schema_backup.schema_fingerprint  IS 'SHA-256 of the changesets that were applied when it was taken';
COMMENT ON COLUMN schema_backup.taken_at            IS 'When this server''s clock took the snapshot; its age counts from here';
COMMENT ON COLUMN schema_backup.verified_at         IS 'When it was found to be whole';
COMMENT ON COLUMN schema_backup.role                IS 'The role that recorded it';
COMMENT ON COLUMN schema_backup.client              IS 'user@host/pid of the process that verified it';
COMMENT ON COLUMN schema_backup.application_version IS 'The version of the application that verified it';

CREATE TABLE IF NOT EXISTS backfill (
    name           text             NOT NULL,
    relation       text             NOT NULL,
    key            text[]           NOT NULL,
    statement      text             NOT NULL,
    condition      text             NOT NULL,
    state          text             NOT NULL DEFAULT 'pending',
    waiting_for    text,
    cursor         text[],
    rows_done      bigint           NOT NULL DEFAULT 0,
    rows_estimated bigint,
    rate           double precision,
    batch_size     integer,
    attempts       integer          NOT NULL DEFAULT 0,
    last_error     text,
    lease_holder   text,
    lease_until    timestamptz,
    registered_at  timestamptz      NOT NULL DEFAULT now(),
    started_at     timestamptz,
    finished_at    timestamptz,
    CONSTRAINT backfill_pkey PRIMARY KEY (name),
    CONSTRAINT backfill_state_check CHECK (state IN ('pending', 'running', 'paused', 'failed', 'cancelled', 'done'))
);
COMMENT ON TABLE  backfill                IS 'Changes of data that changesets need, worked off in batches by the running service';
COMMENT ON COLUMN backfill.name           IS 'module/NNN_name, that of the changeset';
COMMENT ON COLUMN backfill.relation       IS 'The table whose rows are worked off';
COMMENT ON COLUMN backfill.key            IS 'Its columns that say in which order';
COMMENT ON COLUMN backfill.statement      IS 'What is run for each batch; :batch stands for its rows';
COMMENT ON COLUMN backfill.condition      IS 'A query for one boolean, true when everything is as it should be';
COMMENT ON COLUMN backfill.state          IS 'pending, running, paused, failed, cancelled or done';
COMMENT ON COLUMN backfill.waiting_for    IS 'Why a running one does nothing at the moment';
COMMENT ON COLUMN backfill.cursor         IS 'The key of the last row that is done; moved by the transaction that did it';
COMMENT ON COLUMN backfill.rows_done      IS 'Rows that the cursor has passed';
COMMENT ON COLUMN backfill.rows_estimated IS 'How many there are: what the last vacuum or analyze counted, or the planner''s guess; the truth when it is done';
COMMENT ON COLUMN backfill.rate           IS 'Rows per second of late, pauses included';
COMMENT ON COLUMN backfill.batch_size     IS 'Rows of the last batch';
COMMENT ON COLUMN backfill.attempts       IS 'How often in a row the next batch has failed';
COMMENT ON COLUMN backfill.last_error     IS 'Why it failed';
COMMENT ON COLUMN backfill.lease_holder   IS 'user@host/pid#worker of the one that works at it';
COMMENT ON COLUMN backfill.lease_until    IS 'From when on, by this server''s clock, another may take over';
COMMENT ON COLUMN backfill.registered_at  IS 'When its changeset was applied; the order in which they are worked off';
COMMENT ON COLUMN backfill.started_at     IS 'When the first worker began';
COMMENT ON COLUMN backfill.finished_at    IS 'When it was done, failed or was cancelled';
