package dev.sheaf.migration.changelog;

/// Why a changelog file is not run.
///
/// @param line where, from 1
/// @param column where, in characters, from 1
/// @param message what is wrong
/// @param hint what to do
/// @param onlyPending whether a changeset that is applied already can be rolled back all the same
public record ChangelogProblem(
    int line, int column, String message, String hint, boolean onlyPending) {

  public ChangelogProblem(SourceText.Position position, String message, String hint) {
    this(position.line(), position.column(), message, hint, false);
  }

  /// A problem that an applied changeset can have without being ambiguous.
  static ChangelogProblem ofPending(SourceText.Position position, String message, String hint) {
    return new ChangelogProblem(position.line(), position.column(), message, hint, true);
  }

  /// `line:column: message`, to be written behind the file's name.
  String located() {
    return line + ":" + column + ": " + message;
  }
}
