package dev.sheaf.runtime;

import org.jspecify.annotations.Nullable;

/// A failure that an operator must resolve: one line says what is wrong, another what to do.
/// Neither ever contains a password.
public final class OperatorException extends RuntimeException {

  private final String problem;
  private final String hint;

  /// @param problem one line: what is wrong, with the file, the changeset or the server
  /// @param hint what to do; empty if that is obvious from the problem
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
