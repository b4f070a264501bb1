package dev.sheaf.problem;

import org.jspecify.annotations.Nullable;

/// A failure that the client can understand: what was wrong, and what to do. Rendered as
/// `application/problem+json`.
public final class Problem extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /// A problem repeats what a client sent, which may be long.
  private static final int MAX_LENGTH = 2_000;

  private final ProblemType type;
  private final @Nullable String field;

  /// @param detail one or more sentences for a person: what was wrong, then what to do
  public Problem(ProblemType type, String detail) {
    this(type, null, detail);
  }

  private Problem(ProblemType type, @Nullable String field, String detail) {
    super(shortened(detail), null, false, false);
    this.type = type;
    this.field = field == null ? null : shortened(field);
  }

  private static String shortened(String text) {
    if (text.length() <= MAX_LENGTH) {
      return text;
    }
    int half = MAX_LENGTH / 2;
    return text.substring(0, half) + " ... " + text.substring(text.length() - half);
  }

  /// An invalid field of the body.
  ///
  /// @param field its path in the body, such as `metadata.author`; in the constructor of a record,
  ///   its path in this record, because [#at] adds the path of the record
  /// @param detail what the value must be, in sentences; the name of the field may begin one
  public static Problem field(String field, String detail) {
    return new Problem(ProblemType.INVALID_FIELD, field, detail);
  }

  /// An invalid query parameter, path parameter or header.
  public static Problem parameter(String parameter, String detail) {
    return new Problem(ProblemType.INVALID_PARAMETER, parameter, detail);
  }

  /// A vector that has another number of dimensions than the collection's model.
  public static Problem widthMismatch(String field, int actual, int expected) {
    return new Problem(
        ProblemType.WIDTH_MISMATCH,
        field,
        field + " has " + actual + " dimensions, but the model has " + expected + ".");
  }

  /// A number of dimensions that is not that of the chosen model.
  public static Problem wrongDimensions(int given, String model, int expected) {
    return new Problem(
        ProblemType.WIDTH_MISMATCH,
        "dimensions",
        "dimensions must be %s, as the model %s has, or absent, not %s."
            .formatted(expected, model, given));
  }

  /// The same problem, of a value that is inside of another value.
  ///
  /// @param path where this problem's field is, such as `searches[1].search`
  public Problem at(String path) {
    String inner = field;
    if (inner == null) {
      return this;
    }
    String outer = inner.isEmpty() || inner.startsWith("[") ? path + inner : path + "." + inner;
    String detail = detail();
    // Without its name, a detail about the value itself begins with a space.
    boolean named = inner.isEmpty() ? detail.startsWith(" ") : detail.startsWith(inner);
    return new Problem(type, outer, named ? outer + detail.substring(inner.length()) : detail);
  }

  public ProblemType type() {
    return type;
  }

  /// The field or parameter that is not valid; `null` if the problem concerns none.
  public @Nullable String field() {
    return field;
  }

  public String detail() {
    return String.valueOf(getMessage());
  }
}
