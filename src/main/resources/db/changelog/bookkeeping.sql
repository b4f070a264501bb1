-- The migration engine's own tables and functions. This is not a changelog: they must exist before the first one runs.
-- The engine runs this file again whenever it has changed, so every statement must be repeatable.

-- The history, in Liquibase's format, so that tools for Liquibase can read it.
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
COMMENT ON TABLE  schema_gate             IS 'Changelogs that were found to be fully applied; if nothing is pending, this table is all that a start reads';
ALTER TABLE schema_gate ADD COLUMN IF NOT EXISTS awaits text[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN schema_gate.fingerprint IS 'SHA-256 of the enabled changelogs; of the engine''s own tables if history is bookkeeping';
COMMENT ON COLUMN schema_gate.history     IS 'Hash of databasechangelog when they were found applied; if it differs, the changelogs are checked again';
COMMENT ON COLUMN schema_gate.recorded_at IS 'When they were found applied';
COMMENT ON COLUMN schema_gate.awaits      IS 'Backfills that pending changesets wait for; when one is done, the changelogs are checked again';

CREATE TABLE IF NOT EXISTS schema_journal (
    path       text        NOT NULL,
    direction  text        NOT NULL,
    statement  integer     NOT NULL,
    started_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT schema_journal_pkey PRIMARY KEY (path)
);
ALTER TABLE schema_journal ADD COLUMN IF NOT EXISTS indexes oid[];
ALTER TABLE schema_journal ADD COLUMN IF NOT EXISTS kept integer[];
ALTER TABLE schema_journal ADD COLUMN IF NOT EXISTS completed text;
COMMENT ON TABLE  schema_journal            IS 'Non-transactional changesets that have started and not ended; after a crash they are resumed';
COMMENT ON COLUMN schema_journal.path       IS 'The changeset''s file';
COMMENT ON COLUMN schema_journal.direction  IS 'up or down';
COMMENT ON COLUMN schema_journal.statement  IS 'The statement that was started, from 0';
COMMENT ON COLUMN schema_journal.started_at IS 'When the changeset was started';
COMMENT ON COLUMN schema_journal.indexes    IS 'The indexes that the statement''s table had before the statement was started';
COMMENT ON COLUMN schema_journal.kept       IS 'Positions, from 0, of the rollback statements that drop what existed before the changeset; null if unknown';
COMMENT ON COLUMN schema_journal.completed  IS 'Number and SHA-256 of the statements before it, as they were run; null if unknown';

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
COMMENT ON TABLE  schema_event                     IS 'Every change of the schema, in order';
COMMENT ON COLUMN schema_event.at                  IS 'When it happened';
COMMENT ON COLUMN schema_event.action              IS 'up, down, rename, force, baseline, empty trash, readonly on or off, or backfill pause, resume or cancel';
COMMENT ON COLUMN schema_event.path                IS 'The changeset''s file';
COMMENT ON COLUMN schema_event.duration_ms         IS 'How long it took, in milliseconds';
COMMENT ON COLUMN schema_event.role                IS 'The role that did it';
COMMENT ON COLUMN schema_event.client              IS 'user@host/pid of the process that did it';
COMMENT ON COLUMN schema_event.application_version IS 'The version of the application that did it';
COMMENT ON COLUMN schema_event.approved_by         IS 'Who approved it in production, or requested it over HTTP';
COMMENT ON COLUMN schema_event.reason              IS 'The reason, if one was given';

CREATE OR REPLACE FUNCTION sheaf_append_only() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % is not allowed', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;
COMMENT ON FUNCTION sheaf_append_only() IS 'Rejects every change of recorded rows';

CREATE OR REPLACE TRIGGER schema_event_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON schema_event
    FOR EACH STATEMENT EXECUTE FUNCTION sheaf_append_only();

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
ALTER TABLE schema_backup ADD COLUMN IF NOT EXISTS restore_ms bigint;
COMMENT ON COLUMN schema_backup.restore_ms          IS 'How long restoring it took when it was verified, in milliseconds; null if an earlier version verified it';
COMMENT ON TABLE  schema_backup                     IS 'Verified backups of this database';
COMMENT ON COLUMN schema_backup.file                IS 'The path of the file, as given to the process that verified it';
COMMENT ON COLUMN schema_backup.checksum            IS 'The file''s seal, its last 64 characters';
COMMENT ON COLUMN schema_backup.bytes               IS 'Its size';
COMMENT ON COLUMN schema_backup.schema_fingerprint  IS 'SHA-256 of the changesets that were applied when it was taken';
COMMENT ON COLUMN schema_backup.taken_at            IS 'When the snapshot was taken, by this server''s clock; the backup''s age counts from here';
COMMENT ON COLUMN schema_backup.verified_at         IS 'When it was verified';
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
COMMENT ON TABLE  backfill                IS 'Changes of data that changesets need; the running service executes them in batches';
COMMENT ON COLUMN backfill.name           IS 'module/NNN_name of its changeset';
COMMENT ON COLUMN backfill.relation       IS 'The table whose rows are changed';
COMMENT ON COLUMN backfill.key            IS 'The columns that define the order';
COMMENT ON COLUMN backfill.statement      IS 'The statement of each batch; :batch stands for its rows';
COMMENT ON COLUMN backfill.condition      IS 'A query for one boolean, which is true when the backfill is complete';
COMMENT ON COLUMN backfill.state          IS 'pending, running, paused, failed, cancelled or done';
COMMENT ON COLUMN backfill.waiting_for    IS 'What a running backfill is waiting for';
ALTER TABLE backfill ADD COLUMN IF NOT EXISTS last_key text[];
COMMENT ON COLUMN backfill.last_key       IS 'The highest key when the backfill started or was resumed; later rows are left to the application';
COMMENT ON COLUMN backfill.cursor         IS 'The key of the last row that is done; updated in the transaction of the batch';
COMMENT ON COLUMN backfill.rows_done      IS 'Rows before the cursor';
COMMENT ON COLUMN backfill.rows_estimated IS 'Estimated number of rows, by the last vacuum or analyze, or by the planner; the exact number when it is done';
COMMENT ON COLUMN backfill.rate           IS 'Recent rows per second, including pauses';
COMMENT ON COLUMN backfill.batch_size     IS 'Rows of the last batch';
COMMENT ON COLUMN backfill.attempts       IS 'Consecutive failures of the next batch';
COMMENT ON COLUMN backfill.last_error     IS 'Why it failed';
COMMENT ON COLUMN backfill.lease_holder   IS 'user@host/pid#worker that runs it';
COMMENT ON COLUMN backfill.lease_until    IS 'When another worker may take over, by this server''s clock';
COMMENT ON COLUMN backfill.registered_at  IS 'When its changeset was applied; backfills run in this order';
COMMENT ON COLUMN backfill.started_at     IS 'When the first worker started';
COMMENT ON COLUMN backfill.finished_at    IS 'When it was done, failed or was cancelled';

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
COMMENT ON TABLE  schema_rollback                      IS 'The rollback of each applied changeset, for applications that do not have its file';
COMMENT ON COLUMN schema_rollback.path                 IS 'The changeset''s file';
COMMENT ON COLUMN schema_rollback.transactional        IS 'Whether its statements are one transaction';
COMMENT ON COLUMN schema_rollback.statements           IS 'Its rollback, statement by statement; null when its file has none';
COMMENT ON COLUMN schema_rollback.lock_timeout_ms      IS 'Its --lock-timeout, in milliseconds';
COMMENT ON COLUMN schema_rollback.statement_timeout_ms IS 'Its --statement-timeout, in milliseconds';
COMMENT ON COLUMN schema_rollback.lossy                IS 'Its --lossy-rollback: what the rollback loses';
COMMENT ON COLUMN schema_rollback.tolerates            IS 'Its --tolerates: the oldest compatible application';
COMMENT ON COLUMN schema_rollback.checksum             IS 'SHA-256 of path, transactional and statements; if it does not match, the rollback is not run';
COMMENT ON COLUMN schema_rollback.stored_at            IS 'When it was stored';
ALTER TABLE schema_rollback ADD COLUMN IF NOT EXISTS seal text;
COMMENT ON COLUMN schema_rollback.seal                 IS 'Checksum, and SHA-256 of the statements, of the way up; null when an earlier version applied it';

CREATE TABLE IF NOT EXISTS schema_trash (
    id          bigint      GENERATED ALWAYS AS IDENTITY,
    schema_name text        NOT NULL,
    table_name  text        NOT NULL,
    column_name text,
    relation    regclass,
    kept_as     text        NOT NULL,
    not_null    boolean     NOT NULL DEFAULT false,
    undo        text[]      NOT NULL DEFAULT '{}',
    changeset   text,
    buried_at   timestamptz NOT NULL DEFAULT now(),
    emptied_at  timestamptz,
    CONSTRAINT schema_trash_pkey PRIMARY KEY (id)
);
COMMENT ON TABLE  schema_trash             IS 'Tables and columns that contract steps removed and that can be restored';
COMMENT ON COLUMN schema_trash.schema_name IS 'The schema of the table';
COMMENT ON COLUMN schema_trash.table_name  IS 'The name of the table';
COMMENT ON COLUMN schema_trash.column_name IS 'The name of the column; null for a whole table';
COMMENT ON COLUMN schema_trash.relation    IS 'The table, wherever it is now; null when it is dropped';
COMMENT ON COLUMN schema_trash.kept_as     IS 'The name of the table or column in the trash';
COMMENT ON COLUMN schema_trash.not_null    IS 'Whether the column was NOT NULL';
COMMENT ON COLUMN schema_trash.undo        IS 'The statements that restore it';
COMMENT ON COLUMN schema_trash.changeset   IS 'The changeset that moved it to the trash';
COMMENT ON COLUMN schema_trash.buried_at   IS 'When it was moved to the trash';
COMMENT ON COLUMN schema_trash.emptied_at  IS 'When it was dropped permanently; null while it can be restored';

-- Runs a command and undoes it. Fails if the command fails.
CREATE OR REPLACE FUNCTION sheaf_try(command text) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    EXECUTE command;
    RAISE EXCEPTION USING ERRCODE = 'SHEAF';
EXCEPTION
    WHEN SQLSTATE 'SHEAF' THEN
        NULL;
END $$;

-- Drops constraints that must not apply to an object in the trash, or to rows that are written without it. Returns the
-- statements that add them again.
CREATE OR REPLACE FUNCTION sheaf_lift(target regclass, constraints oid[]) RETURNS text[]
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    undo text[] := '{}';
    home text   := (SELECT format('%I.%I', relnamespace::regnamespace::text, relname) FROM pg_class WHERE oid = target);
    con  record;
BEGIN
    FOR con IN SELECT conname, pg_get_constraintdef(oid) AS definition, obj_description(oid, 'pg_constraint') AS comment
                 FROM pg_constraint
                WHERE oid = ANY (constraints)
    LOOP
        undo := undo || format('ALTER TABLE %s ADD CONSTRAINT %I %s', home, con.conname, con.definition);
        IF con.comment IS NOT NULL THEN
            undo := undo || format('COMMENT ON CONSTRAINT %I ON %s IS %L', con.conname, home, con.comment);
        END IF;
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', target, con.conname);
    END LOOP;
    RETURN undo;
END $$;

-- Runs the statements that restore an object. If rows that were written or deleted since violate a constraint, the
-- constraint is added as NOT VALID, and applies only to new rows.
CREATE OR REPLACE FUNCTION sheaf_run(statements text[]) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    command text;
BEGIN
    FOREACH command IN ARRAY statements
    LOOP
        BEGIN
            EXECUTE command;
        EXCEPTION WHEN foreign_key_violation OR check_violation THEN
            EXECUTE command || ' NOT VALID';
            RAISE WARNING 'added as NOT VALID, because existing rows violate it: %', command;
        END;
    END LOOP;
END $$;

CREATE OR REPLACE FUNCTION sheaf_trash_table(target regclass) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    entry  schema_trash;
    -- A partitioned table moves with all of its partitions.
    tree   oid[]  := (SELECT coalesce(array_agg(relid::oid), ARRAY[target::oid]) FROM pg_partition_tree(target));
    move   text[] := '{}';
    rename text[] := '{}';
    lifted text[] := '{}';
    member record;
    part   record;
    fresh  name;
BEGIN
    IF (SELECT relispartition FROM pg_class WHERE oid = target) THEN
        RAISE EXCEPTION '% is a partition; detach it in a changeset of its own, then move it to the trash', target
              USING ERRCODE = 'wrong_object_type';
    END IF;
    PERFORM sheaf_try(format('DROP TABLE %s', target));
    IF to_regnamespace('sheaf_trash') IS NULL THEN
        CREATE SCHEMA sheaf_trash;
    END IF;
    INSERT INTO schema_trash (schema_name, table_name, relation, kept_as, changeset)
    SELECT nspname, relname, target, relname, nullif(current_setting('sheaf.changeset', true), '')
      FROM pg_class c
      JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.oid = target
    RETURNING * INTO entry;
    FOR member IN SELECT c.oid, c.oid::regclass AS relation, nspname
                    FROM pg_class c
                    JOIN pg_namespace n ON n.oid = c.relnamespace
                   WHERE c.oid = ANY (tree)
    LOOP
        -- A foreign key would still protect the rows that it references.
        lifted := lifted || sheaf_lift(member.relation, ARRAY(
            SELECT oid
              FROM pg_constraint
             WHERE conrelid = member.oid AND contype = 'f' AND conparentid = 0 AND confrelid <> ALL (tree)));
        -- A table's own indexes and sequences move with it. A name that is already used in the trash is made unique.
        FOR part IN SELECT c.oid::regclass AS relation, relname, c.oid = member.oid AS is_table
                      FROM pg_class c
                     WHERE c.oid = member.oid
                        OR c.oid IN (SELECT indexrelid FROM pg_index WHERE indrelid = member.oid)
                        OR relkind = 'S'
                           AND c.oid IN (SELECT objid
                                           FROM pg_depend
                                          WHERE classid = 'pg_class'::regclass AND refclassid = 'pg_class'::regclass
                                            AND refobjid = member.oid AND deptype IN ('a', 'i'))
        LOOP
            fresh := part.relname;
            IF to_regclass(format('sheaf_trash.%I', fresh)) IS NOT NULL THEN
                fresh := format('%s_%s', left(fresh, 40), entry.id);
                EXECUTE format('ALTER TABLE %s RENAME TO %I', part.relation, fresh);
                rename := rename || format('ALTER TABLE %I.%I RENAME TO %I', member.nspname, fresh, part.relname);
            END IF;
            IF part.is_table THEN
                move := move || format('ALTER TABLE sheaf_trash.%I SET SCHEMA %I', fresh, member.nspname);
                IF member.oid = target THEN
                    entry.kept_as := fresh;
                END IF;
            END IF;
        END LOOP;
        EXECUTE format('ALTER TABLE %s SET SCHEMA sheaf_trash', member.relation);
        FOR part IN SELECT nspname, stxname, format('%s_%s', left(stxname, 40), s.oid) AS fresh
                      FROM pg_statistic_ext s
                      JOIN pg_namespace n ON n.oid = s.stxnamespace
                     WHERE stxrelid = member.oid
        LOOP
            EXECUTE format('ALTER STATISTICS %I.%I RENAME TO %I', part.nspname, part.stxname, part.fresh);
            EXECUTE format('ALTER STATISTICS %I.%I SET SCHEMA sheaf_trash', part.nspname, part.fresh);
            rename := rename || format('ALTER STATISTICS sheaf_trash.%I SET SCHEMA %I', part.fresh, part.nspname)
                             || format('ALTER STATISTICS %I.%I RENAME TO %I', part.nspname, part.fresh, part.stxname);
        END LOOP;
    END LOOP;
    UPDATE schema_trash SET kept_as = entry.kept_as, undo = move || rename || lifted WHERE id = entry.id;
END $$;
COMMENT ON FUNCTION sheaf_trash_table(regclass) IS 'Use it instead of DROP TABLE: moves a table to the schema sheaf_trash. It fails if DROP TABLE would fail';

CREATE OR REPLACE FUNCTION sheaf_restore_table(target text) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    path  text[] := parse_ident(target);
    entry schema_trash;
BEGIN
    SELECT * INTO entry
      FROM schema_trash
     WHERE column_name IS NULL
       AND table_name = path[cardinality(path)]
       AND (cardinality(path) = 1 OR schema_name = path[1])
     ORDER BY id DESC
     LIMIT 1;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'table % is not in the trash', target USING ERRCODE = 'undefined_table';
    ELSIF entry.emptied_at IS NOT NULL THEN
        RAISE EXCEPTION 'table % cannot be restored: it was dropped from the trash on %', target, entry.emptied_at::date
              USING ERRCODE = 'undefined_table';
    END IF;
    PERFORM sheaf_run(entry.undo);
    DELETE FROM schema_trash WHERE id = entry.id;
END $$;
COMMENT ON FUNCTION sheaf_restore_table(text) IS 'Restores the table of this name that sheaf_trash_table moved to the trash last';

CREATE OR REPLACE FUNCTION sheaf_trash_column(target regclass, col name) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    attribute pg_attribute;
    home      text := (SELECT format('%I.%I', relnamespace::regnamespace::text, relname) FROM pg_class WHERE oid = target);
    kept      name;
    key       text;
    lifted    text[];
BEGIN
    SELECT * INTO attribute FROM pg_attribute WHERE attrelid = target AND attname = col AND attnum > 0;
    PERFORM sheaf_try(format('ALTER TABLE %s DROP COLUMN %I', target, col));
    SELECT indexrelid::regclass INTO key
      FROM pg_index i
     WHERE indrelid = target
       AND (indisunique OR indisexclusion)
       AND (attribute.attnum = ANY (indkey)
            OR EXISTS (SELECT FROM pg_depend
                        WHERE classid = 'pg_class'::regclass AND objid = i.indexrelid
                          AND refclassid = 'pg_class'::regclass AND refobjid = target AND refobjsubid = attribute.attnum));
    IF FOUND THEN
        RAISE EXCEPTION 'column % is part of the unique index %, which new rows without it would violate; drop the index first', col, key
              USING ERRCODE = 'dependent_objects_still_exist';
    END IF;
    FOR n IN 1 .. 1000
    LOOP
        kept := format('sheaf_trash_%s_%s', n, left(col, 40));
        EXIT WHEN NOT EXISTS (SELECT FROM schema_trash
                               WHERE format('%I.%I', schema_name, table_name) = home AND kept_as = kept);
    END LOOP;
    lifted := sheaf_lift(target, ARRAY(
        SELECT oid
          FROM pg_constraint
         WHERE conrelid = target AND contype IN ('c', 'f') AND conparentid = 0 AND attribute.attnum = ANY (conkey)));
    -- PostgreSQL fills identity and generated columns in every row.
    IF attribute.attnotnull AND attribute.attidentity = '' AND attribute.attgenerated = '' THEN
        EXECUTE format('ALTER TABLE %s ALTER COLUMN %I DROP NOT NULL', target, col);
    ELSE
        attribute.attnotnull := false;
    END IF;
    EXECUTE format('ALTER TABLE %s RENAME COLUMN %I TO %I', target, col, kept);
    INSERT INTO schema_trash (schema_name, table_name, column_name, relation, kept_as, not_null, undo, changeset)
    SELECT relnamespace::regnamespace::text, relname, col, target, kept, attribute.attnotnull, lifted,
           nullif(current_setting('sheaf.changeset', true), '')
      FROM pg_class
     WHERE oid = target;
END $$;
COMMENT ON FUNCTION sheaf_trash_column(regclass, name) IS 'Use it instead of DROP COLUMN: renames a column and makes it nullable. It fails if DROP COLUMN would fail';

CREATE OR REPLACE FUNCTION sheaf_restore_column(target regclass, col name, fill text DEFAULT NULL, restore_not_null boolean DEFAULT true) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    entry   schema_trash;
    missing bigint;
BEGIN
    SELECT t.* INTO entry
      FROM schema_trash t
      JOIN pg_class c ON c.oid = target
     WHERE t.schema_name = c.relnamespace::regnamespace::text
       AND t.table_name = c.relname
       AND t.column_name = col
     ORDER BY id DESC
     LIMIT 1;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'column % of % is not in the trash', col, target USING ERRCODE = 'undefined_column';
    ELSIF entry.emptied_at IS NOT NULL THEN
        RAISE EXCEPTION 'column % of % cannot be restored: it was dropped from the trash on %', col, target, entry.emptied_at::date
              USING ERRCODE = 'undefined_column';
    END IF;
    EXECUTE format('ALTER TABLE %s RENAME COLUMN %I TO %I', target, entry.kept_as, col);
    IF entry.not_null AND fill IS NOT NULL THEN
        EXECUTE format('UPDATE %s SET %I = %s WHERE %2$I IS NULL', target, col, fill);
    END IF;
    IF entry.not_null AND restore_not_null THEN
        BEGIN
            EXECUTE format('ALTER TABLE %s ALTER COLUMN %I SET NOT NULL', target, col);
        EXCEPTION WHEN not_null_violation THEN
            EXECUTE format('SELECT count(*) FROM %s WHERE %I IS NULL', target, col) INTO missing;
            RAISE EXCEPTION 'column % of % was NOT NULL, but rows written since have no value for it: %', col, target, missing
                  USING ERRCODE = 'not_null_violation',
                        DETAIL = 'pass sheaf_restore_column an expression for the value';
        END;
    END IF;
    PERFORM sheaf_run(entry.undo);
    DELETE FROM schema_trash WHERE id = entry.id;
END $$;
COMMENT ON FUNCTION sheaf_restore_column(regclass, name, text, boolean) IS 'Restores the column of this name that sheaf_trash_column moved to the trash last; fill is an expression for rows written since';

-- The earlier names of these functions. Changesets that are applied call them, and so do stored rollbacks.
CREATE OR REPLACE FUNCTION sheaf_bury_table(target regclass) RETURNS void
LANGUAGE sql SET search_path FROM CURRENT AS 'SELECT sheaf_trash_table(target)';
COMMENT ON FUNCTION sheaf_bury_table(regclass) IS 'Deprecated name of sheaf_trash_table';

CREATE OR REPLACE FUNCTION sheaf_exhume_table(target text) RETURNS void
LANGUAGE sql SET search_path FROM CURRENT AS 'SELECT sheaf_restore_table(target)';
COMMENT ON FUNCTION sheaf_exhume_table(text) IS 'Deprecated name of sheaf_restore_table';

CREATE OR REPLACE FUNCTION sheaf_bury_column(target regclass, col name) RETURNS void
LANGUAGE sql SET search_path FROM CURRENT AS 'SELECT sheaf_trash_column(target, col)';
COMMENT ON FUNCTION sheaf_bury_column(regclass, name) IS 'Deprecated name of sheaf_trash_column';

CREATE OR REPLACE FUNCTION sheaf_exhume_column(target regclass, col name, fill text DEFAULT NULL, restore_not_null boolean DEFAULT true) RETURNS void
LANGUAGE sql SET search_path FROM CURRENT AS 'SELECT sheaf_restore_column(target, col, fill, restore_not_null)';
COMMENT ON FUNCTION sheaf_exhume_column(regclass, name, text, boolean) IS 'Deprecated name of sheaf_restore_column';
