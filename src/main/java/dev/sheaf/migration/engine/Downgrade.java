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
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Rolls changesets back, while the `SchemaLock` is held.
final class Downgrade {

  /// Changesets that a refusal names.
  private static final int NAMED = 3;

  private final Connection connection;
  private final Changesets changesets;
  private final Rollbacks rollbacks;
  private final ProductionGuards guards;
  private final ChangesetRunner runner;
  private final ResultRecorder recorder;

  /// @param connection the engine's
  Downgrade(
      Connection connection,
      Changesets changesets,
      ProductionGuards guards,
      ChangesetRunner runner,
      ResultRecorder recorder) {
    this.connection = connection;
    this.changesets = changesets;
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
  /// @throws OperatorException if others depend on them and `dependents` refuses that
  void rollBack(
      String module,
      List<History.Applied> interrupted,
      List<History.Applied> rows,
      Dependents dependents)
      throws SQLException {
    List<History.Applied> onTop =
        History.interrupted(connection, Direction.UP).stream()
            .filter(row -> dependsOn(row, module, changesets))
            .toList();
    if (dependents == Dependents.REFUSE) {
      refuse(rows.isEmpty() ? interrupted.getLast() : rows.getLast(), onTop);
    }
    rollBack(
        Stream.concat(onTop.stream(), interrupted.stream()).toList(),
        withDependents(connection, changesets, module, rows, dependents));
  }

  /// Adds to `rows` the changesets that were applied after the first of them and depend on their
  /// module.
  ///
  /// @param rows applied changesets of `module`, the last one first
  /// @return all of them, the last one first
  /// @throws OperatorException if there are any and `dependents` refuses that
  static List<History.Applied> withDependents(
      Connection connection,
      Changesets changesets,
      String module,
      List<History.Applied> rows,
      Dependents dependents)
      throws SQLException {
    if (rows.isEmpty()) {
      return rows;
    }
    List<History.Applied> history = History.read(connection);
    List<History.Applied> onTop =
        history.subList(history.indexOf(rows.getLast()), history.size()).stream()
            .filter(row -> dependsOn(row, module, changesets))
            .toList();
    if (dependents == Dependents.REFUSE) {
      refuse(rows.getLast(), onTop);
    }
    return history.reversed().stream()
        .filter(row -> rows.contains(row) || onTop.contains(row))
        .toList();
  }

  private static boolean dependsOn(History.Applied row, String module, Changesets changesets) {
    return !row.module().equals(module) && changesets.requires(row.module(), module);
  }

  private static void refuse(History.Applied row, List<History.Applied> onTop) {
    if (!onTop.isEmpty()) {
      int more = onTop.size() - NAMED;
      throw new OperatorException(
          "%s cannot be rolled back alone: module %s is required by %s%s, applied after it"
              .formatted(
                  row.label(),
                  row.module(),
                  onTop.stream()
                      .limit(NAMED)
                      .map(History.Applied::label)
                      .collect(Collectors.joining(", ")),
                  more > 0 ? " and " + more + " more" : ""),
          "add --with-dependents to roll back what depends on it first");
    }
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
