-- What the migration engine remembers about itself. Not a changelog: it has to be there before the first one.

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
COMMENT ON COLUMN schema_gate.fingerprint IS 'SHA-256 of the enabled changelogs';
COMMENT ON COLUMN schema_gate.history     IS 'Hash of databasechangelog when they were found applied; another hash means look again';
COMMENT ON COLUMN schema_gate.recorded_at IS 'When that was';

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

CREATE TABLE IF NOT EXISTS schema_rollback (
    path                 text        NOT NULL,
    transactional        boolean     NOT NULL,
    statements           text[],
    lock_timeout_ms      bigint,
    statement_timeout_ms bigint,
    lossy                text,
    tolerates            text,
    checksum             text        NOT NULL,
    stored_at            timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT schema_rollback_pkey PRIMARY KEY (path)
);
COMMENT ON TABLE  schema_rollback                      IS 'How each applied changeset is taken back, for applications that do not have its file';
COMMENT ON COLUMN schema_rollback.path                 IS 'The changeset''s file';
COMMENT ON COLUMN schema_rollback.transactional        IS 'Whether its statements are one transaction';
COMMENT ON COLUMN schema_rollback.statements           IS 'Its rollback, statement by statement; null when its file has none';
COMMENT ON COLUMN schema_rollback.lock_timeout_ms      IS 'Its --lock-timeout, in milliseconds';
COMMENT ON COLUMN schema_rollback.statement_timeout_ms IS 'Its --statement-timeout, in milliseconds';
COMMENT ON COLUMN schema_rollback.lossy                IS 'Its --lossy-rollback: what is lost when it is taken back';
COMMENT ON COLUMN schema_rollback.tolerates            IS 'Its --tolerates: the oldest application that works with it';
COMMENT ON COLUMN schema_rollback.checksum             IS 'SHA-256 of path, transactional and statements; another one is not run';
COMMENT ON COLUMN schema_rollback.stored_at            IS 'When it was stored';
