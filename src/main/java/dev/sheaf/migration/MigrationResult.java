package dev.sheaf.migration;

import dev.sheaf.runtime.OperatorException;
import java.time.Duration;
import java.util.List;

/// The result of a command that changes the schema.
///
/// @param executed changesets that were applied, rolled back or recorded, in order; after a
///   failure, those before it
/// @param problems the failures; empty on success
/// @param notes notes for people
/// @param duration total duration, including waiting
public record MigrationResult(
    List<Executed> executed,
    List<OperatorException> problems,
    List<String> notes,
    Duration duration) {

  public MigrationResult {
    executed = List.copyOf(executed);
    problems = List.copyOf(problems);
    notes = List.copyOf(notes);
  }

  /// The result if there is nothing to do.
  public static MigrationResult nothing() {
    return new MigrationResult(List.of(), List.of(), List.of(), Duration.ZERO);
  }

  public boolean success() {
    return problems.isEmpty();
  }

  /// Returns this result if it is a success.
  ///
  /// @throws OperatorException the first problem
  public MigrationResult orThrow() {
    if (!success()) {
      throw problems.getFirst();
    }
    return this;
  }

  /// One changeset that ran.
  ///
  /// @param changeset `module/NNN_name`
  public record Executed(String changeset, MigrationListener.Direction direction, Duration took) {}
}
