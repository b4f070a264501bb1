package dev.sheaf.migration.engine;

import dev.sheaf.migration.MigrationListener.Direction;
import dev.sheaf.migration.changelog.Changeset;
import dev.sheaf.migration.execute.ChangesetRunner;
import dev.sheaf.migration.execute.Collected;
import dev.sheaf.migration.history.Changesets;
import dev.sheaf.migration.history.History;
import dev.sheaf.migration.history.Rollbacks;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;

/// The way down, on the connection that holds the `SchemaLock`.
final class Downgrade {

  private final Connection connection;
  private final Rollbacks rollbacks;
  private final ProductionGuards safeguards;
  private final ChangesetRunner runner;
  private final Collected collected;

  /// @param runner on the same connection
  Downgrade(
      Connection connection,
      Changesets changesets,
      ProductionGuards safeguards,
      ChangesetRunner runner,
      Collected collected) {
    this.connection = connection;
    this.rollbacks = new Rollbacks(connection, changesets, collected);
    this.safeguards = safeguards;
    this.runner = runner;
    this.collected = collected;
  }

  /// Takes `rows` back, in this order.
  ///
  /// @param interrupted on their way up, above those
  void takeBack(List<History.Applied> interrupted, List<History.Applied> rows) throws SQLException {
    List<Changeset> undone = rollbacks.of(rows);
    for (Changeset changeset : undone) {
      safeguards.requireBackup(
          connection, "the rollback of " + changeset.file().shortPath(), changeset.rollbackLoses());
    }
    undoInterrupted(interrupted);
    for (Changeset changeset : undone) {
      collected.executed.add(runner.run(changeset, Direction.DOWN));
    }
  }

  /// Takes back all there is. What is gone already need not be dropped.
  void takeBackEverything() throws SQLException {
    undoInterrupted(History.interrupted(connection, Direction.UP));
    for (Changeset changeset : rollbacks.of(History.read(connection).reversed())) {
      collected.executed.add(runner.undo(changeset));
    }
  }

  /// A rollback that was interrupted half-way is neither here nor there. It is brought to its end;
  /// what it undid is pending then, like anything else.
  void finishInterrupted() throws SQLException {
    for (History.Applied row : History.interrupted(connection, Direction.DOWN)) {
      collected.note(row.label() + ": an interrupted rollback is finished first");
      collected.executed.add(runner.undo(rollbacks.of(row)));
    }
  }

  /// A changeset outside a transaction that was interrupted on its way up is in no history, and
  /// half of it may be there. Who goes down takes it back.
  private void undoInterrupted(List<History.Applied> interrupted) throws SQLException {
    for (History.Applied row : interrupted) {
      collected.note(row.label() + " was interrupted on its way up; it is taken back first");
      collected.executed.add(runner.undo(rollbacks.of(row)));
    }
  }
}
