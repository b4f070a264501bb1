package dev.sheaf.migration;

import dev.sheaf.runtime.OperatorException;
import java.time.Duration;
import java.util.List;

/// What a command did to the schema.
///
/// @param executed what was applied, rolled back or recorded, in order; on failure, what went
///   before
/// @param problems why it ended early; empty on success
/// @param notes what else a person may want to know
/// @param duration of the whole, waiting included
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

  /// There was nothing to do.
  public static MigrationResult nothing() {
    return new MigrationResult(List.of(), List.of(), List.of(), Duration.ZERO);
  }

  public boolean success() {
    return problems.isEmpty();
  }

  /// This result, if it is a success.
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
