package dev.sheaf.runtime;

import org.jspecify.annotations.Nullable;

/// Something about the schema that a person has to know: what is wrong in one line, and what to do
/// about it in another. Neither ever holds a password.
public final class OperatorException extends RuntimeException {

  private final String problem;
  private final String hint;

  /// @param problem one line: what is wrong, naming the file, the changeset, the server
  /// @param hint what to do; empty when the problem says it all
  public OperatorException(String problem, String hint) {
    this(problem, hint, null);
  }

  public OperatorException(String problem, String hint, @Nullable Throwable cause) {
    super(hint.isEmpty() ? problem : problem + " - " + hint, cause);
    this.problem = problem;
    this.hint = hint;
  }

  public String problem() {
    return problem;
  }

  public String hint() {
    return hint;
  }
}
