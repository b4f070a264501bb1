package dev.sheaf.migration.changelog;

import org.jspecify.annotations.Nullable;

/// Why a changelog file is not run.
///
/// @param line where, from 1
/// @param column where, in characters, from 1
/// @param message what is wrong
/// @param hint what to do
/// @param onlyPending whether a changeset that is applied already can be rolled back all the same
/// @param rollbackFile the file that it stands in, `module/NNN_name.down.sql`; `null` for that of
///   the changeset
public record ChangelogProblem(
    int line,
    int column,
    String message,
    String hint,
    boolean onlyPending,
    @Nullable String rollbackFile) {

  public ChangelogProblem(SourceText.Position position, String message, String hint) {
    this(position.line(), position.column(), message, hint, false, null);
  }

  /// The same in the file of the rollback.
  ChangelogProblem in(ChangelogFile rollback) {
    return new ChangelogProblem(line, column, message, hint, onlyPending, rollback.shortPath());
  }

  /// A problem that an applied changeset can have without being ambiguous.
  static ChangelogProblem ofPending(SourceText.Position position, String message, String hint) {
    return new ChangelogProblem(position.line(), position.column(), message, hint, true, null);
  }

  /// `line:column: message`, to be written behind the file's name.
  String located() {
    return line + ":" + column + ": " + message;
  }
}
