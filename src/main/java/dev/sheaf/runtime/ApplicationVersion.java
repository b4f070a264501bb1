package dev.sheaf.runtime;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The numeric part of a version of the application: `1.4`, `1.4.0` and `1.4.0-SNAPSHOT` compare as
/// equal.
///
/// @param parts the numbers, the most significant first
public record ApplicationVersion(List<Integer> parts) implements Comparable<ApplicationVersion> {

  private static final Pattern NUMBERS = Pattern.compile("\\d{1,9}(\\.\\d{1,9})*");

  /// Empty if `text` does not begin with a number.
  static Optional<ApplicationVersion> of(String text) {
    Matcher numbers = NUMBERS.matcher(text);
    return numbers.lookingAt()
        ? Optional.of(
            new ApplicationVersion(
                Arrays.stream(numbers.group().split("\\.", -1)).map(Integer::valueOf).toList()))
        : Optional.empty();
  }

  /// Whether `version` is `oldest` or later. `false` if either is absent or not a version.
  public static boolean isAtLeast(String version, @Nullable String oldest) {
    return oldest != null
        && of(oldest)
            .flatMap(minimum -> of(version).map(actual -> actual.compareTo(minimum) >= 0))
            .orElse(false);
  }

  @Override
  public int compareTo(ApplicationVersion other) {
    for (int i = 0; i < Math.max(parts.size(), other.parts.size()); i++) {
      int compared = Integer.compare(part(i), other.part(i));
      if (compared != 0) {
        return compared;
      }
    }
    return 0;
  }

  private int part(int i) {
    return i < parts.size() ? parts.get(i) : 0;
  }
}
