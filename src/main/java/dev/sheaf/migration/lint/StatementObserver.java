package dev.sheaf.migration.lint;

import dev.sheaf.database.DatabaseAddress;
import dev.sheaf.database.SqlErrorMessage;
import dev.sheaf.database.SqlStates;
import dev.sheaf.database.Transactions;
import dev.sheaf.migration.MigrationConfig;
import dev.sheaf.migration.catalog.Catalog;
import dev.sheaf.migration.catalog.Catalog.Detail;
import dev.sheaf.migration.catalog.Catalog.Kind;
import dev.sheaf.migration.catalog.Catalog.Relation;
import dev.sheaf.migration.catalog.CatalogReader;
import dev.sheaf.migration.changelog.BackfillDeclaration;
import dev.sheaf.migration.changelog.Changeset;
import dev.sheaf.migration.changelog.Directives;
import dev.sheaf.migration.changelog.SqlStatement;
import dev.sheaf.migration.execute.BackfillCheck;
import dev.sheaf.migration.execute.ChangesetSession;
import dev.sheaf.migration.lint.rule.Vectors;
import dev.sheaf.migration.scratch.SampleRows;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Runs changesets on a scratch database, one after the other, and observes PostgreSQL.
///
/// A transactional changeset runs in one transaction, as in production, and is committed. Each
/// statement of a non-transactional changeset first runs in a transaction that is rolled back,
/// because its locks are released when it ends, and then runs in auto-commit mode. A statement that
/// cannot run in a transaction is observed by a [LockWatch] instead.
public final class StatementObserver {

  static final Duration REPORT_EVERY = Duration.ofSeconds(5);

  private static final String LOCKS =
      """
      SELECT relation, mode
        FROM pg_locks
       WHERE pid = pg_backend_pid()
         AND locktype = 'relation'
         AND granted
         AND relation >= 16384
      """;

  private static final String ACTIVITIES =
      """
      SELECT oid, pg_stat_get_xact_numscans(oid), pg_stat_get_xact_tuples_returned(oid),
             pg_stat_get_xact_tuples_updated(oid) + pg_stat_get_xact_tuples_deleted(oid)
        FROM pg_class
       WHERE relkind IN ('r', 'm') AND oid >= 16384
      """;

  private static final String TRANSACTION =
      """
      SELECT pg_current_xact_id()::text::bigint,
             extract(epoch FROM current_setting('lock_timeout')::interval) * 1000,
             (SELECT sum(pg_stat_get_xact_tuples_inserted(oid) + pg_stat_get_xact_tuples_updated(oid)
                         + pg_stat_get_xact_tuples_deleted(oid))::bigint
                FROM pg_class
               WHERE relnamespace = 'pg_catalog'::regnamespace
                 AND relkind = 'r'
                 AND current_setting('track_counts')::boolean)
      """;

  /// The settings that rules use.
  private static final String SETTINGS =
      """
      SELECT name, setting, source = 'session'
        FROM pg_settings
       WHERE name IN ('maintenance_work_mem', 'max_parallel_maintenance_workers')
      """;

  /// The states of the warnings that a transaction is already in progress, or that none is.
  private static final Set<String> TRANSACTION_STATES =
      Set.of(SqlStates.ACTIVE_SQL_TRANSACTION, SqlStates.NO_ACTIVE_SQL_TRANSACTION);

  private final DatabaseAddress scratch;
  private final MigrationConfig config;
  private final Allowances allowances;
  private final TargetDatabase target;
  private final Vectors vectors;
  private final Set<String> notes = new LinkedHashSet<>();
  private final Consumer<String> progress;
  private final Duration reportEvery;
  private long reportedAt = System.nanoTime();

  /// An observer that reports no progress.
  ///
  /// @param scratch the scratch database, in the state before the first observed changeset
  public StatementObserver(
      DatabaseAddress scratch,
      MigrationConfig config,
      Allowances allowances,
      TargetDatabase target,
      Vectors vectors) {
    this(scratch, config, allowances, target, vectors, _ -> {}, REPORT_EVERY);
  }

  /// @param progress gets a line while a changeset is observed
  /// @param reportEvery how often, at most
  StatementObserver(
      DatabaseAddress scratch,
      MigrationConfig config,
      Allowances allowances,
      TargetDatabase target,
      Vectors vectors,
      Consumer<String> progress,
      Duration reportEvery) {
    this.progress = progress;
    this.reportEvery = reportEvery;
    this.scratch = scratch;
    this.config = config;
    this.allowances = allowances;
    this.target = target;
    this.vectors = vectors;
  }

  /// The state of a session at one moment.
  ///
  /// @param transaction the id of its transaction
  /// @param catalogWrites number of rows of system catalogs that the transaction has written;
  ///   `null` if the server does not count them
  /// @param held the strongest lock on each relation, by oid
  private record SessionState(
      long transaction,
      @Nullable Long catalogWrites,
      Duration lockTimeout,
      Map<Long, LockMode> held,
      Map<Long, Activity> activities,
      Map<String, Step.Setting> settings,
      Catalog catalog) {}

  /// Observes `changeset`. Unless a statement fails, it is applied afterwards.
  public Observation observe(Changeset changeset) {
    return observe(changeset, true);
  }

  /// Observes `changeset`, which must be transactional, and rolls it back.
  Observation rehearse(Changeset changeset) {
    return observe(changeset, false);
  }

  private Observation observe(Changeset changeset, boolean applied) {
    // Each changeset gets its own session, because the previous one may have changed settings.
    try (Connection connection = scratch.open("sheaf check")) {
      ChangesetSession.applySettings(connection);
      for (SampleRows.Unfilled table : SampleRows.fill(connection).unfilled()) {
        notes.add("no sample rows for " + table.table() + ": " + table.reason());
      }
      changeset.workOffRequiredBackfills(connection);
      Observation observation = observe(changeset, connection, applied);
      Observation last =
          changeset.transactional() && removeSampleData(connection, observation)
              ? observe(changeset, connection, applied)
              : observation;
      if (applied && last.failure() == null) {
        requireValidBackfill(changeset);
      }
      return last;
    } catch (SQLException e) {
      throw SqlErrorMessage.running(scratch, "observing " + changeset.file().shortPath(), e);
    }
  }

  private void requireValidBackfill(Changeset changeset) throws SQLException {
    Optional<BackfillDeclaration> backfill = changeset.backfill();
    if (backfill.isPresent()) {
      try (Connection connection = scratch.open("sheaf check")) {
        BackfillCheck.requireValid(connection, backfill.get());
      }
    }
  }

  /// Notes about what could not be prepared for the observation.
  public List<String> notes() {
    return List.copyOf(notes);
  }

  /// Removes the sample data that may have caused a failure: rows that violate a new constraint, or
  /// partitions for sample rows.
  ///
  /// @return whether anything was removed
  private static boolean removeSampleData(Connection connection, Observation observation)
      throws SQLException {
    Failure failure = observation.failure();
    if (failure == null) {
      return false;
    }
    if (failure.isAboutRows()) {
      deleteRows(connection, observation.before());
      return true;
    }
    return dropSamplePartitions(connection, observation.before());
  }

  private Observation observe(Changeset changeset, Connection connection, boolean applied)
      throws SQLException {
    Catalog before = readCatalog(connection);
    Map<Long, Long> rows = countRows(connection, before);
    List<Step> steps =
        changeset.transactional()
            ? inOneTransaction(connection, changeset, applied)
            : eachInAutoCommit(connection, changeset, before);
    return new Observation(
        changeset, before, rows, steps, allowances.of(changeset), target, vectors);
  }

  private List<Step> inOneTransaction(Connection connection, Changeset changeset, boolean applied)
      throws SQLException {
    List<Step> steps = new ArrayList<>();
    try {
      if (applied) {
        Transactions.run(connection, _ -> steps(connection, changeset, steps));
      } else {
        Transactions.callAndRollBack(
            connection,
            _ -> {
              steps(connection, changeset, steps);
              try (Statement check = connection.createStatement()) {
                return check.execute("SET CONSTRAINTS ALL IMMEDIATE");
              }
            });
      }
    } catch (SQLException e) {
      if (steps.isEmpty()) {
        throw e;
      }
      if (steps.getLast().failure() == null) {
        // Deferred constraints are checked at the end of the transaction.
        steps.set(steps.size() - 1, steps.getLast().failedWith(Failure.of(e)));
      }
    }
    return steps;
  }

  /// @param steps receives a step for each statement, including one that fails
  private void steps(Connection connection, Changeset changeset, List<Step> steps)
      throws SQLException {
    setTimeouts(connection, changeset, config.statementTimeout());
    SessionState before = capture(connection);
    for (SqlStatement statement : changeset.up()) {
      List<Notice> notices = new ArrayList<>();
      try {
        run(connection, statement, notices);
        SessionState after = capture(connection, statement.changesOnlyRows() ? before : null, null);
        report(changeset, steps.size() + 1);
        steps.add(step(statement, before, after, notices, null));
        before = after;
      } catch (SQLException e) {
        steps.add(step(statement, before, before, notices, Failure.of(e)));
        throw e;
      }
    }
  }

  /// Nobody else changes the scratch database, so the catalog after a statement is the one before
  /// the next.
  private List<Step> eachInAutoCommit(Connection connection, Changeset changeset, Catalog first)
      throws SQLException {
    Catalog current = first;
    setTimeouts(connection, changeset, Duration.ZERO);
    List<Step> steps = new ArrayList<>();
    for (SqlStatement statement : changeset.up()) {
      report(changeset, steps.size());
      Step rehearsal = rehearse(connection, statement, current);
      if (rehearsal.failure() != null && rehearsal.failure().isAboutRows()) {
        deleteRows(connection, rehearsal.before());
        rehearsal = rehearse(connection, statement, null);
      }
      Map<Long, LockMode> held = new HashMap<>(rehearsal.held());
      List<Notice> notices = new ArrayList<>();
      Failure failure = runInAutoCommit(connection, statement, rehearsal, held, notices);
      Catalog before = rehearsal.before();
      if (failure != null && failure.isAboutRows()) {
        // First, because a table is emptied with all its indexes, and one that cannot be built
        // fails.
        dropInvalidIndexes(connection);
        deleteRows(connection, before);
        // The empty tables have new files, which is no effect of the statement.
        before = readCatalog(connection);
        if (runInAutoCommit(connection, statement, rehearsal, held, notices) == null) {
          failure = null;
        }
      }
      boolean unchanged =
          failure == null && statement.changesOnlyRows() && rehearsal.after().equals(before);
      current = unchanged ? before : readCatalog(connection);
      steps.add(
          new Step(
              statement,
              rehearsal.lockTimeout(),
              before,
              current,
              Map.of(),
              held,
              rehearsal.activities(),
              notices,
              rehearsal.settings(),
              failure,
              rehearsal.commandsTransaction()));
      if (failure != null) {
        return steps;
      }
    }
    return steps;
  }

  private void report(Changeset changeset, int statements) {
    if (System.nanoTime() - reportedAt > reportEvery.toNanos()) {
      reportedAt = System.nanoTime();
      progress.accept(
          "checking %s: %s of %s statements"
              .formatted(changeset.label(), statements, changeset.up().size()));
    }
  }

  /// @param held receives the locks of a statement that could not be rehearsed
  /// @param notices receives the notices of the statement
  /// @return the failure; `null` on success
  private @Nullable Failure runInAutoCommit(
      Connection connection,
      SqlStatement statement,
      Step rehearsal,
      Map<Long, LockMode> held,
      List<Notice> notices)
      throws SQLException {
    try {
      if (Failure.refusesTransaction(rehearsal.failure())) {
        held.putAll(
            LockWatch.run(connection, scratch, rehearsal.before(), statement.sql(), notices));
      } else {
        run(connection, statement, notices);
      }
      return null;
    } catch (SQLException e) {
      return Failure.of(e);
    }
  }

  /// @param known the catalog before it; `null` if it has to be read
  private static Step rehearse(
      Connection connection, SqlStatement statement, @Nullable Catalog known) throws SQLException {
    return Transactions.callAndRollBack(
        connection,
        _ -> {
          SessionState before = capture(connection, null, known);
          List<Notice> notices = new ArrayList<>();
          try {
            run(connection, statement, notices);
            SessionState after =
                capture(connection, statement.changesOnlyRows() ? before : null, null);
            return step(statement, before, after, notices, null);
          } catch (SQLException e) {
            return step(statement, before, before, notices, Failure.of(e));
          }
        });
  }

  private static Step step(
      SqlStatement statement,
      SessionState before,
      SessionState after,
      List<Notice> notices,
      @Nullable Failure failure) {
    Map<Long, Activity> activities = new HashMap<>();
    after
        .activities()
        .forEach((table, activity) -> {
          Activity since = activity.since(before.activities().getOrDefault(table, Activity.NONE));
          if (!since.equals(Activity.NONE)) {
            activities.put(table, since);
          }
        });
    return new Step(
        statement,
        before.lockTimeout(),
        before.catalog(),
        after.catalog(),
        before.held(),
        after.held(),
        activities,
        notices,
        before.settings(),
        failure,
        notices.stream().anyMatch(notice -> TRANSACTION_STATES.contains(notice.state()))
            || after.transaction() != before.transaction());
  }

  /// Between two transactions.
  private static Catalog readCatalog(Connection connection) throws SQLException {
    return Transactions.call(connection, same -> CatalogReader.read(same, Detail.FACTS));
  }

  /// Captures the state of the session.
  private static SessionState capture(Connection connection) throws SQLException {
    return capture(connection, null, null);
  }

  /// Captures the state of the session. Reading the catalog takes longer than everything else.
  ///
  /// @param previous a state whose catalog is still valid unless the transaction has written system
  ///   catalogs since; `null` if anything may have changed
  /// @param known the catalog; `null` if it has to be read
  private static SessionState capture(
      Connection connection, @Nullable SessionState previous, @Nullable Catalog known)
      throws SQLException {
    try (Statement select = connection.createStatement()) {
      Map<Long, LockMode> held = new HashMap<>();
      try (ResultSet row = select.executeQuery(LOCKS)) {
        while (row.next()) {
          held.merge(
              row.getLong(1),
              LockMode.of(row.getString(2)),
              (one, other) -> one.compareTo(other) > 0 ? one : other);
        }
      }
      Map<Long, Activity> activities = new HashMap<>();
      try (ResultSet row = select.executeQuery(ACTIVITIES)) {
        while (row.next()) {
          activities.put(
              row.getLong(1), new Activity(row.getLong(2), row.getLong(3), row.getLong(4)));
        }
      }
      long transaction;
      Duration lockTimeout;
      Long catalogWrites;
      try (ResultSet row = select.executeQuery(TRANSACTION)) {
        row.next();
        transaction = row.getLong(1);
        lockTimeout = Duration.ofMillis(row.getLong(2));
        catalogWrites = row.getObject(3, Long.class);
      }
      Map<String, Step.Setting> settings = new HashMap<>();
      try (ResultSet row = select.executeQuery(SETTINGS)) {
        while (row.next()) {
          settings.put(row.getString(1), new Step.Setting(row.getString(2), row.getBoolean(3)));
        }
      }
      if (previous != null
          && previous.transaction() == transaction
          && previous.catalogWrites() != null
          && previous.catalogWrites().equals(catalogWrites)) {
        return new SessionState(
            transaction,
            catalogWrites,
            lockTimeout,
            previous.held().equals(held) ? previous.held() : Map.copyOf(held),
            activities,
            previous.settings().equals(settings) ? previous.settings() : Map.copyOf(settings),
            previous.catalog());
      }
      return new SessionState(
          transaction,
          catalogWrites,
          lockTimeout,
          Map.copyOf(held),
          activities,
          Map.copyOf(settings),
          known == null ? CatalogReader.read(connection, Detail.FACTS) : known);
    }
  }

  /// Runs a statement, unless it would change the whole server.
  ///
  /// @param notices receives the notices of the statement
  private static void run(Connection connection, SqlStatement statement, List<Notice> notices)
      throws SQLException {
    if (statement.isClusterWide()) {
      return;
    }
    try (Statement sql = connection.createStatement()) {
      sql.setEscapeProcessing(false);
      statement.execute(sql);
      notices.addAll(Notice.of(sql));
    }
  }

  private void setTimeouts(Connection connection, Changeset changeset, Duration statementTimeout)
      throws SQLException {
    Directives directives = changeset.directives();
    try (Statement set = connection.createStatement()) {
      set.execute(
          "SET lock_timeout = %s; SET statement_timeout = %s"
              .formatted(
                  Objects.requireNonNullElse(directives.lockTimeout(), config.lockTimeout())
                      .toMillis(),
                  Objects.requireNonNullElse(directives.statementTimeout(), statementTimeout)
                      .toMillis()));
    }
  }

  private static Map<Long, Long> countRows(Connection connection, Catalog catalog)
      throws SQLException {
    String sql =
        catalog.relations().values().stream()
            .filter(relation -> relation.kind() == Kind.TABLE && relation.bytes() > 0)
            .map(table ->
                "SELECT %s, count(*) FROM ONLY %s".formatted(table.oid(), table.fullReference()))
            .collect(Collectors.joining(" UNION ALL "));
    Map<Long, Long> rows = new HashMap<>();
    if (!sql.isEmpty()) {
      try (Statement select = connection.createStatement();
          ResultSet row = select.executeQuery(sql)) {
        while (row.next()) {
          rows.put(row.getLong(1), row.getLong(2));
        }
      }
    }
    return rows;
  }

  private static void deleteRows(Connection connection, Catalog catalog) throws SQLException {
    String tables =
        catalog.relations().values().stream()
            .filter(relation -> relation.kind() == Kind.TABLE)
            .map(Relation::fullReference)
            .collect(Collectors.joining(", "));
    if (tables.isEmpty()) {
      return;
    }
    // Append-only tables have a trigger that rejects TRUNCATE; it is bit 32 of tgtype.
    String sql =
        """
        DO $$
        DECLARE
            commands text[] := ARRAY(SELECT format('ALTER TABLE %%s %%%%s TRIGGER %%I', tgrelid::regclass, tgname)
                                       FROM pg_trigger
                                      WHERE tgtype & 32 <> 0 AND tgenabled = 'O');
            command  text;
        BEGIN
            FOREACH command IN ARRAY commands LOOP
                EXECUTE format(command, 'DISABLE');
            END LOOP;
            TRUNCATE %s;
            FOREACH command IN ARRAY commands LOOP
                EXECUTE format(command, 'ENABLE');
            END LOOP;
        END $$
        """
            .formatted(tables);
    try (Statement truncate = connection.createStatement()) {
      truncate.setEscapeProcessing(false);
      truncate.execute(sql);
    }
  }

  /// Drops the indexes that failed concurrent builds left behind.
  private static void dropInvalidIndexes(Connection connection) throws SQLException {
    String sql =
        """
        DO $$
        DECLARE
            name text;
        BEGIN
            FOR name IN SELECT indexrelid::regclass
                          FROM pg_index i
                          JOIN pg_class c ON c.oid = i.indexrelid
                         WHERE NOT i.indisvalid AND c.relkind = 'i' LOOP
                EXECUTE 'DROP INDEX ' || name;
            END LOOP;
        END $$
        """;
    try (Statement drop = connection.createStatement()) {
      drop.execute(sql);
    }
  }

  /// @return whether there were any
  private static boolean dropSamplePartitions(Connection connection, Catalog catalog)
      throws SQLException {
    List<Relation> partitions =
        catalog.relations().values().stream().filter(catalog::isSamplePartition).toList();
    try (Statement drop = connection.createStatement()) {
      for (Relation partition : partitions) {
        drop.execute("DROP TABLE IF EXISTS " + partition.fullReference() + " CASCADE");
      }
    }
    return !partitions.isEmpty();
  }
}
