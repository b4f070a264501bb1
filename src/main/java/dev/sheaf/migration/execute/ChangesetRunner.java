package dev.sheaf.migration.execute;

import dev.sheaf.database.DatabaseAddress;
import dev.sheaf.database.SqlErrorMessage;
import dev.sheaf.database.SqlStates;
import dev.sheaf.database.Transactions;
import dev.sheaf.migration.Approval;
import dev.sheaf.migration.MigrationConfig;
import dev.sheaf.migration.MigrationListener;
import dev.sheaf.migration.MigrationListener.Direction;
import dev.sheaf.migration.MigrationResult;
import dev.sheaf.migration.changelog.Changeset;
import dev.sheaf.migration.history.BackfillRegister;
import dev.sheaf.migration.history.History;
import dev.sheaf.migration.history.StoredRollback;
import dev.sheaf.runtime.Backoff;
import dev.sheaf.runtime.OperatorException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLWarning;
import java.sql.Savepoint;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Runs changesets, one at a time, up or down, on the connection that holds the [SchemaLock].
///
/// A transactional changeset and its record are one transaction. The others are journalled
/// statement by statement, so that the next run knows what a crash interrupted.
public final class ChangesetRunner {

  private final Connection connection;
  private final DatabaseAddress address;
  private final MigrationConfig config;
  private final MigrationListener listener;
  private final Approval approval;
  private final String deployment;

  /// Runs changesets on one connection.
  ///
  /// @param approval who answers for it, in production
  public ChangesetRunner(
      Connection connection,
      DatabaseAddress address,
      MigrationConfig config,
      MigrationListener listener,
      Approval approval) {
    this.connection = connection;
    this.address = address;
    this.config = config;
    this.listener = listener;
    this.approval = approval;
    // Liquibase's own form: the last ten digits of the clock, the same for all that ran together.
    String clock = Long.toString(System.currentTimeMillis());
    this.deployment = clock.substring(clock.length() - 10);
  }

  /// Runs `changeset` in one direction and records it.
  ///
  /// @throws OperatorException when it fails; nothing of a transactional changeset is left then
  public MigrationResult.Executed run(Changeset changeset, Direction direction) {
    return run(changeset, direction, false, Set.of());
  }

  /// Rolls `changeset` back as far as it is there: statements about objects that are missing are
  /// passed over.
  ///
  /// @throws OperatorException as there
  public MigrationResult.Executed undo(Changeset changeset) throws SQLException {
    Journal journal = Journal.read(connection, changeset.file().path());
    return run(
        changeset,
        Direction.DOWN,
        true,
        journal == null || journal.kept() == null ? Set.of() : journal.kept());
  }

  /// Takes back what a run left that was interrupted or failed on its way up, and nothing that was
  /// there before it: its rollback without the statements that drop what the changeset did not
  /// create.
  ///
  /// @throws OperatorException as there, and when the journal cannot tell what was there before
  public MigrationResult.Executed undoInterrupted(Changeset changeset) throws SQLException {
    Journal journal = Objects.requireNonNull(Journal.read(connection, changeset.file().path()));
    int statements = Objects.requireNonNullElse(changeset.down(), List.<String>of()).size();
    Set<Integer> kept;
    if (journal.kept() != null) {
      kept = journal.kept();
    } else if (journal.statement() == 0) {
      // Its first statement did not end, so there is nothing to take back.
      kept = IntStream.range(0, statements).boxed().collect(Collectors.toSet());
      clearRemnants(changeset, journal);
    } else {
      throw new OperatorException(
          "%s was interrupted in its statement %s, and its rollback may drop what it did not create"
              .formatted(changeset.label(), journal.statement() + 1),
          "finish it first: sheaf migrate up; or undo its statements by hand, then run sheaf migrate force");
    }
    return run(changeset, Direction.DOWN, true, kept);
  }

  private void clearRemnants(Changeset changeset, Journal journal) throws SQLException {
    if (changeset.up().isEmpty()) {
      return;
    }
    try (Statement statement = connection.createStatement()) {
      for (String remnant :
          ConcurrentStep.of(changeset.up().getFirst()).remnants(connection, journal.indexes())) {
        listener.note(changeset.label() + ": removed a remnant of an interrupted run: " + remnant);
        statement.execute(remnant);
      }
    }
  }

  private MigrationResult.Executed run(
      Changeset changeset, Direction direction, boolean leniently, Set<Integer> kept) {
    List<String> statements =
        switch (direction) {
          case UP -> changeset.up();
          case DOWN -> {
            if (changeset.down() == null) {
              throw new OperatorException(
                  changeset.label() + " has no rollback",
                  "write one at the end of the file: --rollback <SQL>");
            }
            yield changeset.down();
          }
        };
    long begun = System.nanoTime();
    listener.started(changeset.label(), direction);
    for (int attempt = 1; ; attempt++) {
      Progress progress = new Progress();
      try (ProgressWatch _ =
          ProgressWatch.start(connection, address, changeset.label(), listener)) {
        if (changeset.transactional()) {
          inTransaction(changeset, direction, statements, begun, progress, leniently);
        } else {
          journalled(changeset, direction, statements, begun, progress, leniently, kept);
        }
        Duration took = Duration.ofNanos(System.nanoTime() - begun);
        listener.finished(changeset.label(), direction, took);
        return new MigrationResult.Executed(changeset.label(), direction, took);
      } catch (SQLException e) {
        if (!SqlStates.isTransient(e) || attempt > config.retries()) {
          throw SqlErrorMessage.running(
              address, changeset.file().shortPath(), progress.statement, e);
        }
        Duration pause =
            Backoff.jittered(new Backoff(config.backoff(), config.backoffLimit()).pause(attempt));
        listener.retrying(changeset.label(), attempt, pause, SqlErrorMessage.message(e));
        sleep(pause);
      }
    }
  }

  /// The statement that is being run, for the error that names it.
  private static final class Progress {
    @Nullable String statement;
  }

  private void inTransaction(
      Changeset changeset,
      Direction direction,
      List<String> statements,
      long begun,
      Progress progress,
      boolean leniently)
      throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.setEscapeProcessing(false);
      Transactions.run(
          connection,
          _ -> {
            statement.execute(
                timeouts("LOCAL", changeset, config.lockTimeout(), config.statementTimeout()));
            strikeBackfill(changeset, direction);
            for (String sql : statements) {
              progress.statement = sql;
              execute(statement, changeset, sql, leniently);
            }
            progress.statement = null;
            // The record is not the changeset's: its role and search path may have been changed by
            // it.
            statement.execute("RESET ROLE");
            statement.execute("RESET search_path");
            record(changeset, direction, begun);
          });
    }
  }

  private void journalled(
      Changeset changeset,
      Direction direction,
      List<String> statements,
      long begun,
      Progress progress,
      boolean leniently,
      Set<Integer> kept)
      throws SQLException {
    if (direction == Direction.UP) {
      requireNames(changeset);
    }
    try (Statement statement = connection.createStatement()) {
      statement.setEscapeProcessing(false);
      try {
        strikeBackfill(changeset, direction);
        if (direction == Direction.UP) {
          // Whoever finds it half-done may not have its file.
          StoredRollback.store(connection, changeset);
        }
        Journal journal = Journal.begin(connection, changeset, direction);
        for (int i = journal.statement(); i < statements.size(); i++) {
          String sql = statements.get(i);
          if (kept.contains(i)) {
            listener.note(changeset.label() + ": kept, because it existed before: " + sql.strip());
            continue;
          }
          progress.statement = sql;
          ConcurrentStep step = ConcurrentStep.of(sql);
          Duration lockTimeout = step.waitsHarmlessly() ? Duration.ZERO : config.lockTimeout();
          // An index over a large table takes as long as it takes.
          statement.execute(timeouts("SESSION", changeset, lockTimeout, Duration.ZERO));
          boolean resumed = journal.resumed() && i == journal.statement();
          @Nullable List<Long> before = resumed ? journal.indexes() : step.indexes(connection);
          Journal.at(connection, changeset, i, before);
          for (String remnant : step.remnants(connection, before)) {
            listener.note(
                changeset.label() + ": removed a remnant of an interrupted run: " + remnant);
            statement.execute(remnant);
          }
          if (resumed && step.isDone(connection, before)) {
            continue;
          }
          try {
            execute(statement, changeset, sql, leniently);
          } catch (SQLException e) {
            clearRemnants(statement, step, before, e);
            throw e;
          }
          requireValid(changeset, step, before);
        }
        progress.statement = null;
        Transactions.run(
            connection,
            _ -> {
              record(changeset, direction, begun);
              Journal.end(connection, changeset);
            });
      } finally {
        if (!connection.isClosed()) {
          statement.execute("RESET lock_timeout; RESET statement_timeout; RESET sheaf.changeset");
        }
      }
    }
  }

  private void execute(Statement statement, Changeset changeset, String sql, boolean leniently)
      throws SQLException {
    @Nullable Savepoint before =
        leniently && changeset.transactional() ? connection.setSavepoint() : null;
    try {
      statement.execute(sql);
      for (SQLWarning said = statement.getWarnings(); said != null; said = said.getNextWarning()) {
        if (SqlStates.of(said).startsWith(SqlStates.WARNING_CLASS)) {
          listener.note(changeset.label() + ": " + SqlErrorMessage.message(said));
        }
      }
      statement.clearWarnings();
    } catch (SQLException e) {
      if (!leniently || !SqlStates.isMissingObject(e)) {
        throw e;
      }
      if (before != null) {
        connection.rollback(before);
      }
      listener.note(changeset.label() + ": skipped, " + SqlErrorMessage.message(e));
    }
  }

  /// A concurrent build that fails leaves an invalid index, which costs every write and serves no
  /// read.
  private void clearRemnants(
      Statement statement, ConcurrentStep step, @Nullable List<Long> before, SQLException failure) {
    try {
      for (String remnant : step.remnants(connection, before)) {
        statement.execute(remnant);
      }
    } catch (SQLException e) {
      failure.addSuppressed(e);
    }
  }

  /// Before anything of its table is locked, because a worker takes the two in the same order.
  private void strikeBackfill(Changeset changeset, Direction direction) throws SQLException {
    if (direction == Direction.DOWN) {
      BackfillRegister.unregister(connection, changeset.label());
    }
  }

  private void record(Changeset changeset, Direction direction, long begun) throws SQLException {
    switch (direction) {
      case UP -> History.add(connection, changeset, deployment);
      case DOWN -> History.remove(connection, changeset.file().path());
    }
    long millis = Duration.ofNanos(System.nanoTime() - begun).toMillis();
    String action = direction == Direction.UP ? "up" : "down";
    History.event(connection, new History.Event(action, changeset.file().path(), millis, approval));
  }

  /// An index without a name of its own cannot be told from another after a crash.
  private static void requireNames(Changeset changeset) {
    for (String sql : changeset.up()) {
      if (ConcurrentStep.of(sql) instanceof ConcurrentStep.CreateIndex(var index, var table)
          && index == null) {
        throw new OperatorException(
            "%s creates an index on %s concurrently without naming it"
                .formatted(changeset.file().shortPath(), table),
            "give it a name: CREATE INDEX CONCURRENTLY name ON " + table);
      }
    }
  }

  /// `IF NOT EXISTS` is content with an index that is invalid, or that lies on another table.
  private void requireValid(Changeset changeset, ConcurrentStep step, @Nullable List<Long> before)
      throws SQLException {
    if (step instanceof ConcurrentStep.CreateIndex create && !create.isValid(connection, before)) {
      throw new OperatorException(
          "%s created no valid index %s on %s"
              .formatted(changeset.file().shortPath(), create.index(), create.table()),
          "drop the index of that name, then run it again");
    }
  }

  /// Sets the timeouts of the file, or the given ones where it has none, and tells the functions of
  /// the trash who calls them.
  private static String timeouts(
      String scope, Changeset changeset, Duration lockTimeout, Duration statementTimeout) {
    Duration lock = Objects.requireNonNullElse(changeset.directives().lockTimeout(), lockTimeout);
    Duration statement =
        Objects.requireNonNullElse(changeset.directives().statementTimeout(), statementTimeout);
    // A backslash in a string is one, whatever the database sets.
    return "SET %1$s lock_timeout = %2$s; SET %1$s statement_timeout = %3$s; SET %1$s standard_conforming_strings = on; SET %1$s sheaf.changeset = '%4$s'"
        .formatted(
            scope,
            lock.toMillis(),
            statement.toMillis(),
            changeset.file().path().replace("'", "''"));
  }

  private static void sleep(Duration pause) {
    try {
      Thread.sleep(pause);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new OperatorException("interrupted between two attempts", "run it again", e);
    }
  }
}
