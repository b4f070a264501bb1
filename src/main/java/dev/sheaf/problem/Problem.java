package dev.sheaf.problem;

import org.jspecify.annotations.Nullable;

/// What the client did, or cannot have, and what to do about it. Rendered as
/// `application/problem+json`.
public final class Problem extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final ProblemType type;
  private final @Nullable String field;

  /// @param detail what was wrong and what to do, for a person
  public Problem(ProblemType type, String detail) {
    this(type, null, detail);
  }

  private Problem(ProblemType type, @Nullable String field, String detail) {
    super(detail, null, false, false);
    this.type = type;
    this.field = field;
  }

  /// A field of the body that is not what it should be.
  ///
  /// @param field its path in the body, such as `metadata.author`
  /// @param detail what it is, what it has to be
  public static Problem field(String field, String detail) {
    return new Problem(ProblemType.INVALID_FIELD, field, detail);
  }

  /// A query or path parameter that is not what it should be.
  public static Problem parameter(String parameter, String detail) {
    return new Problem(ProblemType.INVALID_PARAMETER, parameter, detail);
  }

  /// A vector whose width is not that of the space it is for.
  public static Problem width(String field, int given, int expected) {
    return new Problem(
        ProblemType.WIDTH_MISMATCH,
        field,
        field + " has " + given + " dimensions, this collection's model has " + expected);
  }

  public ProblemType type() {
    return type;
  }

  /// The field or parameter at fault, when it is one.
  public @Nullable String field() {
    return field;
  }

  /// What was wrong and what to do.
  public String detail() {
    return String.valueOf(getMessage());
  }
}
