package dev.sheaf.migration.lint.rule;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// A type that pgvector can index, with its number of dimensions.
///
/// @param name its name without the schema: `vector`, `halfvec`, `bit`
/// @param width number of dimensions
record VectorType(String name, int width) {

  private static final Pattern TYPE = Pattern.compile("(?:.*\\.)?(vector|halfvec|bit)\\((\\d+)\\)");

  /// Parses a type name.
  ///
  /// @param type as PostgreSQL prints it, such as `public.halfvec(384)`
  /// @return `null` if it is another type, or has no number of dimensions
  static @Nullable VectorType of(String type) {
    Matcher matcher = TYPE.matcher(type);
    return matcher.matches()
        ? new VectorType(matcher.group(1), Integer.parseInt(matcher.group(2)))
        : null;
  }

  /// Whether it is a type of pgvector. A bit string may be anything else.
  boolean isOfPgvector() {
    return !name.equals("bit");
  }

  /// The maximum number of dimensions of an HNSW or IVFFlat index, from pgvector's README.
  int indexLimit() {
    return switch (name) {
      case "vector" -> 2_000;
      case "halfvec" -> 4_000;
      default -> 64_000;
    };
  }

  /// Bytes of a value: an 8-byte header, then 32, 16 or 1 bits per dimension.
  int bytes() {
    return 8
        + switch (name) {
          case "vector" -> 4 * width;
          case "halfvec" -> 2 * width;
          default -> (width + 7) / 8;
        };
  }
}
