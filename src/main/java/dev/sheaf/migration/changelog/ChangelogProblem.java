package dev.sheaf.migration.changelog;

/// Why a changelog file is not run.
///
/// @param line where, from 1
/// @param column where, in characters, from 1
/// @param message what is wrong
/// @param hint what to do
public record ChangelogProblem(int line, int column, String message, String hint) {

  ChangelogProblem(SourceText.Position position, String message, String hint) {
    this(position.line(), position.column(), message, hint);
  }

  /// `line:column: message`, to be written behind the file's name.
  String located() {
    return line + ":" + column + ": " + message;
  }
}
