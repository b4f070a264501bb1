package dev.sheaf.migration.engine;

import dev.sheaf.migration.MigrationListener.Direction;
import dev.sheaf.migration.changelog.Changeset;
import dev.sheaf.migration.execute.ChangesetRunner;
import dev.sheaf.migration.history.Changesets;
import dev.sheaf.migration.history.History;
import dev.sheaf.migration.history.Rollbacks;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.stream.Stream;

/// Rolls changesets back, on the connection that holds the `SchemaLock`.
final class Downgrade {

  private final Connection connection;
  private final Rollbacks rollbacks;
  private final ProductionGuards guards;
  private final ChangesetRunner runner;
  private final ResultRecorder recorder;

  /// @param runner on the same connection
  Downgrade(
      Connection connection,
      Changesets changesets,
      ProductionGuards guards,
      ChangesetRunner runner,
      ResultRecorder recorder) {
    this.connection = connection;
    this.rollbacks = new Rollbacks(connection, changesets, recorder);
    this.guards = guards;
    this.runner = runner;
    this.recorder = recorder;
  }

  /// Rolls `rows` back, in this order.
  ///
  /// @param interrupted later changesets that were interrupted while they were applied; they are
  ///   rolled back first
  void rollBack(List<History.Applied> interrupted, List<History.Applied> rows) throws SQLException {
    List<Changeset> changesets = rollbacks.of(rows);
    for (Changeset changeset :
        Stream.concat(rollbacks.of(interrupted).stream(), changesets.stream()).toList()) {
      guards.requireBackup(
          connection, "the rollback of " + changeset.file().shortPath(), changeset.rollbackLoses());
    }
    rollBackInterrupted(interrupted);
    for (Changeset changeset : changesets) {
      recorder.executed.add(runner.run(changeset, Direction.DOWN));
    }
  }

  /// Rolls everything back. Objects that no longer exist are skipped.
  void rollBackEverything() throws SQLException {
    rollBackInterrupted(History.interrupted(connection, Direction.UP));
    for (Changeset changeset : rollbacks.of(History.read(connection).reversed())) {
      recorder.executed.add(runner.undo(changeset));
    }
  }

  /// Finishes interrupted rollbacks. Their changesets are pending afterwards.
  void finishInterrupted() throws SQLException {
    for (History.Applied row : History.interrupted(connection, Direction.DOWN)) {
      recorder.note("finishing the interrupted rollback of " + row.label() + " first");
      recorder.executed.add(runner.undo(rollbacks.of(row)));
    }
  }

  /// Rolls back non-transactional changesets that were interrupted while they were applied. They
  /// are not in the history, but some of their statements may have run.
  private void rollBackInterrupted(List<History.Applied> interrupted) throws SQLException {
    for (History.Applied row : interrupted) {
      recorder.note(row.label() + " was interrupted while it was applied; rolling it back first");
      recorder.executed.add(runner.undoInterrupted(rollbacks.of(row)));
    }
  }
}
