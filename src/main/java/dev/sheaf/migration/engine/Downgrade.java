package dev.sheaf.migration.engine;

import dev.sheaf.migration.MigrationListener.Direction;
import dev.sheaf.migration.changelog.Changeset;
import dev.sheaf.migration.engine.Migrations.Dependents;
import dev.sheaf.migration.execute.ChangesetRunner;
import dev.sheaf.migration.history.Changesets;
import dev.sheaf.migration.history.History;
import dev.sheaf.migration.history.Rollbacks;
import dev.sheaf.runtime.OperatorException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.stream.Stream;

/// Rolls changesets back, while the `SchemaLock` is held.
final class Downgrade {

  private final Connection connection;
  private final RollbackDependents dependents;
  private final Rollbacks rollbacks;
  private final ProductionGuards guards;
  private final ChangesetRunner runner;
  private final ResultRecorder recorder;

  /// @param connection the engine's
  Downgrade(
      Connection connection,
      Changesets changesets,
      RollbackDependents dependents,
      ProductionGuards guards,
      ChangesetRunner runner,
      ResultRecorder recorder) {
    this.connection = connection;
    this.dependents = dependents;
    this.rollbacks = new Rollbacks(connection, changesets, recorder);
    this.guards = guards;
    this.runner = runner;
    this.recorder = recorder;
  }

  /// Rolls changesets of `module` back.
  ///
  /// @param interrupted later changesets that were interrupted while they were applied; they are
  ///   rolled back first
  /// @param rows applied changesets, the last one first
  /// @throws OperatorException if others depend on them and `choice` refuses that
  void rollBack(
      String module,
      List<History.Applied> interrupted,
      List<History.Applied> rows,
      Dependents choice)
      throws SQLException {
    rollBack(
        Stream.concat(dependents.interrupted(module, choice).stream(), interrupted.stream())
            .toList(),
        dependents.with(module, rows, choice));
  }

  private void rollBack(List<History.Applied> interrupted, List<History.Applied> rows)
      throws SQLException {
    List<Changeset> applied = rollbacks.of(rows);
    for (Changeset changeset :
        Stream.concat(rollbacks.of(interrupted).stream(), applied.stream()).toList()) {
      changeset.requireRunnable();
      guards.requireBackup(
          connection, "the rollback of " + changeset.file().shortPath(), changeset.rollbackLoses());
    }
    rollBackInterrupted(interrupted);
    for (Changeset changeset : applied) {
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
