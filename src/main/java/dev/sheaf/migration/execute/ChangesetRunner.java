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
import dev.sheaf.runtime.OperatorException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLWarning;
import java.sql.Savepoint;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.concurrent.ThreadLocalRandom;
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
    return run(changeset, direction, false);
  }

  /// Rolls `changeset` back as far as it is there: statements about objects that are missing are
  /// passed over.
  ///
  /// @throws OperatorException as there
  public MigrationResult.Executed undo(Changeset changeset) {
    return run(changeset, Direction.DOWN, true);
  }

  private MigrationResult.Executed run(
      Changeset changeset, Direction direction, boolean leniently) {
    List<String> statements =
        switch (direction) {
          case UP -> changeset.up();
          case DOWN -> {
            if (changeset.down() == null) {
              throw new OperatorException(
                  changeset.label() + " has no rollback", "write one: --rollback <SQL> at its end");
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
          journalled(changeset, direction, statements, begun, progress, leniently);
        }
        Duration took = Duration.ofNanos(System.nanoTime() - begun);
        listener.finished(changeset.label(), direction, took);
        return new MigrationResult.Executed(changeset.label(), direction, took);
      } catch (SQLException e) {
        if (!SqlStates.isTransient(e) || attempt > config.retries()) {
          throw SqlErrorMessage.running(
              address, changeset.file().shortPath(), progress.statement, e);
        }
        Duration pause = pause(attempt);
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
      boolean leniently)
      throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.setEscapeProcessing(false);
      try {
        strikeBackfill(changeset, direction);
        if (direction == Direction.UP) {
          // Whoever finds it half-done may not have its file.
          StoredRollback.store(connection, changeset);
        }
        OptionalInt interrupted = begin(changeset, direction);
        int first = interrupted.orElse(0);
        for (int i = first; i < statements.size(); i++) {
          String sql = statements.get(i);
          progress.statement = sql;
          ConcurrentStep step = ConcurrentStep.of(sql);
          Duration lockTimeout = step.waitsHarmlessly() ? Duration.ZERO : config.lockTimeout();
          // An index over a large table takes as long as it takes.
          statement.execute(timeouts("SESSION", changeset, lockTimeout, Duration.ZERO));
          boolean resumed = interrupted.isPresent() && i == first;
          at(changeset, i);
          for (String remnant : step.remnants(connection)) {
            listener.note(changeset.label() + ": cleared what an interrupted run left: " + remnant);
            statement.execute(remnant);
          }
          if (resumed && step.isDone(connection)) {
            continue;
          }
          try {
            execute(statement, changeset, sql, leniently);
          } catch (SQLException e) {
            clearRemnants(statement, step, e);
            throw e;
          }
        }
        progress.statement = null;
        Transactions.run(
            connection,
            _ -> {
              record(changeset, direction, begun);
              end(changeset);
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
      listener.note(changeset.label() + ": passed over, " + SqlErrorMessage.message(e));
    }
  }

  /// A concurrent build that fails leaves an invalid index, which costs every write and serves no
  /// read.
  private void clearRemnants(Statement statement, ConcurrentStep step, SQLException failure) {
    try {
      for (String remnant : step.remnants(connection)) {
        statement.execute(remnant);
      }
    } catch (SQLException e) {
      failure.addSuppressed(e);
    }
  }

  /// Before anything of its table is locked, because a worker takes the two in the same order.
  private void strikeBackfill(Changeset changeset, Direction direction) throws SQLException {
    if (direction == Direction.DOWN) {
      BackfillRegister.strike(connection, changeset.label());
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

  /// Opens the journal of a changeset, or finds it open.
  ///
  /// @return the statement that an earlier run in the same direction had begun; empty when this is
  ///   the first
  private OptionalInt begin(Changeset changeset, Direction direction) throws SQLException {
    String sql =
        """
        INSERT INTO schema_journal AS j (path, direction, statement)
        VALUES (?, ?, 0)
            ON CONFLICT (path) DO UPDATE
           SET statement = CASE j.direction WHEN EXCLUDED.direction THEN j.statement ELSE 0 END,
               direction = EXCLUDED.direction
        RETURNING statement, xmax <> 0
        """;
    try (PreparedStatement upsert = connection.prepareStatement(sql)) {
      upsert.setString(1, changeset.file().path());
      upsert.setString(2, direction == Direction.UP ? "up" : "down");
      try (ResultSet row = upsert.executeQuery()) {
        row.next();
        return row.getBoolean(2) ? OptionalInt.of(row.getInt(1)) : OptionalInt.empty();
      }
    }
  }

  private void at(Changeset changeset, int statement) throws SQLException {
    try (PreparedStatement update =
        connection.prepareStatement("UPDATE schema_journal SET statement = ? WHERE path = ?")) {
      update.setInt(1, statement);
      update.setString(2, changeset.file().path());
      update.executeUpdate();
    }
  }

  private void end(Changeset changeset) throws SQLException {
    try (PreparedStatement delete =
        connection.prepareStatement("DELETE FROM schema_journal WHERE path = ?")) {
      delete.setString(1, changeset.file().path());
      delete.executeUpdate();
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

  /// Doubles with each attempt, and is spread over its upper half so that two don't meet again.
  private Duration pause(int attempt) {
    long base = config.backoff().toMillis() << Math.min(attempt - 1, 20);
    long limited = Math.max(1, Math.min(base, config.backoffLimit().toMillis()));
    return Duration.ofMillis(ThreadLocalRandom.current().nextLong(limited / 2, limited + 1));
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
