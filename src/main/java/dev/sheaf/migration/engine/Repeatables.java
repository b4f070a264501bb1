package dev.sheaf.migration.engine;

import dev.sheaf.database.SqlStates;
import dev.sheaf.migration.changelog.Changeset;
import dev.sheaf.migration.execute.ChangesetRunner;
import dev.sheaf.migration.history.Changesets;
import dev.sheaf.migration.history.History;
import dev.sheaf.migration.history.Rollbacks;
import dev.sheaf.runtime.OperatorException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/// Applies the repeatable changesets, while the `SchemaLock` is held: views and functions, which
/// are replaced when their file changes, and which stand in the way of a rollback.
final class Repeatables {

  private final Connection connection;
  private final Changesets changesets;
  private final Rollbacks rollbacks;
  private final ChangesetRunner runner;
  private final ResultRecorder recorder;

  /// @param connection the engine's
  Repeatables(
      Connection connection,
      Changesets changesets,
      ChangesetRunner runner,
      ResultRecorder recorder) {
    this.connection = connection;
    this.changesets = changesets;
    this.rollbacks = new Rollbacks(connection, changesets, recorder);
    this.runner = runner;
    this.recorder = recorder;
  }

  /// Applies those that are new or were modified, in one transaction. If one cannot be replaced as
  /// it is, all are dropped and created anew in it.
  ///
  /// @throws OperatorException if one fails; nothing is changed
  void apply() throws SQLException {
    List<Changeset> pending = changesets.pendingRepeatables(connection);
    if (pending.isEmpty()) {
      return;
    }
    try {
      runner.repeat(List.of(), pending, false, recorder.executed::add);
    } catch (OperatorException e) {
      List<Changeset> drops = rollbacks.ofRepeatables();
      if (drops.isEmpty() || !isAboutUse(e)) {
        throw e;
      }
      Set<String> dropped = drops.stream().map(Changeset::label).collect(Collectors.toSet());
      runner.repeat(
          drops,
          changesets.repeatables().stream()
              .filter(
                  changeset -> pending.contains(changeset) || dropped.contains(changeset.label()))
              .toList(),
          false,
          recorder.executed::add);
    }
  }

  /// Whether an object cannot be replaced as it is, because of what uses it or of its own columns.
  private static boolean isAboutUse(OperatorException e) {
    return e.getCause() instanceof SQLException cause
        && switch (SqlStates.of(cause)) {
          case SqlStates.DEPENDENT_OBJECTS_STILL_EXIST,
              SqlStates.INVALID_TABLE_DEFINITION,
              SqlStates.INVALID_FUNCTION_DEFINITION ->
              true;
          default -> false;
        };
  }

  /// Drops their objects, as far as it is known how. The result does not count this.
  ///
  /// @return the labels of those that were dropped
  List<String> drop() throws SQLException {
    List<Changeset> drops = rollbacks.ofRepeatables();
    if (!drops.isEmpty()) {
      runner.repeat(drops, List.of(), false, _ -> {});
    }
    return drops.stream().map(Changeset::label).toList();
  }

  /// Creates again what [#drop] dropped. What does not fit the schema any more remains pending.
  void restore(List<String> dropped) throws SQLException {
    if (dropped.isEmpty()) {
      return;
    }
    List<Changeset> pending =
        changesets.pendingRepeatables(connection).stream()
            .filter(changeset -> dropped.contains(changeset.label()))
            .toList();
    dropped.stream()
        .filter(label -> pending.stream().noneMatch(changeset -> changeset.label().equals(label)))
        .forEach(label ->
            recorder.note(label + " is not created again: this version has no file of it"));
    if (pending.isEmpty()) {
      return;
    }
    runner
        .repeat(List.of(), pending, true, _ -> {})
        .forEach((changeset, failure) ->
            recorder.note(changeset.label() + " is pending: " + failure.problem()));
  }

  /// Drops their objects and forgets all of them.
  void dropAll() throws SQLException {
    drop();
    for (History.Applied row : History.repeatables(connection)) {
      recorder.note(row.label() + " stays: its file does more than to create views and functions");
      History.remove(connection, row.path());
    }
  }
}
