package dev.sheaf.migration.lint.rule;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// A type whose values pgvector indexes, with its width.
///
/// @param name without its schema: `vector`, `halfvec`, `bit`
/// @param width in dimensions
record VectorType(String name, int width) {

  private static final Pattern TYPE = Pattern.compile("(?:.*\\.)?(vector|halfvec|bit)\\((\\d+)\\)");

  /// Reads what PostgreSQL writes.
  ///
  /// @param type as PostgreSQL writes it, such as `public.halfvec(384)`
  /// @return `null` when it is another type, or says no width
  static @Nullable VectorType of(String type) {
    Matcher matcher = TYPE.matcher(type);
    return matcher.matches()
        ? new VectorType(matcher.group(1), Integer.parseInt(matcher.group(2)))
        : null;
  }

  /// Whether it is a type of pgvector's own, and not a string of bits that may be anything.
  boolean isOfPgvector() {
    return !name.equals("bit");
  }

  /// The widest that an HNSW or IVFFlat index takes; see pgvector's README.
  int indexLimit() {
    return switch (name) {
      case "vector" -> 2_000;
      case "halfvec" -> 4_000;
      default -> 64_000;
    };
  }

  /// What a value takes: eight bytes at its head, then 32, 16 or one bit a dimension.
  int bytes() {
    return 8
        + switch (name) {
          case "vector" -> 4 * width;
          case "halfvec" -> 2 * width;
          default -> (width + 7) / 8;
        };
  }
}
