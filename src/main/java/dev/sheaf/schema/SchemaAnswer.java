package dev.sheaf.schema;

import dev.sheaf.api.Problem;
import dev.sheaf.api.ProblemType;
import java.util.function.Supplier;

/// What HTTP answers when the schema cannot be looked at.
public final class SchemaAnswer {

  private SchemaAnswer() {}

  /// What `look` finds.
  ///
  /// @throws Problem in place of a [SchemaException]
  public static <T> T of(Supplier<T> look) {
    try {
      return look.get();
    } catch (SchemaException e) {
      throw new Problem(
          ProblemType.SCHEMA_UNAVAILABLE,
          e.problem() + (e.hint().isEmpty() ? "" : "; " + e.hint()));
    }
  }
}
