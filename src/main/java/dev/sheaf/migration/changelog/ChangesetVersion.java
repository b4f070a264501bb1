package dev.sheaf.migration.changelog;

import dev.sheaf.runtime.OperatorException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// The version of a changeset within its module: a whole number, or several as in files of Flyway.
/// They are compared one by one, so that 1.10 comes after 1.9. Zeros at the ends count for nothing:
/// 1.0 is 1, and 007 is 7.
///
/// @param parts none is negative; the last one of several is not 0
public record ChangesetVersion(List<Long> parts) implements Comparable<ChangesetVersion> {

  /// A part has as many digits as a `long` always holds.
  static final String PART = "\\d{1,18}";

  private static final Pattern TEXT = Pattern.compile(PART + "(?:[._]" + PART + ")*");

  /// Before the first changeset.
  public static final ChangesetVersion NONE = of(0);

  public ChangesetVersion {
    int size = parts.size();
    while (size > 1 && parts.get(size - 1) == 0) {
      size--;
    }
    parts = List.copyOf(parts.subList(0, size));
  }

  /// A version that is one number.
  public static ChangesetVersion of(long number) {
    return new ChangesetVersion(List.of(number));
  }

  /// Whether a text is a version, such as `007`, `1.10` and `1_10`.
  public static boolean isVersion(String text) {
    return TEXT.matcher(text).matches();
  }

  /// The version that a text says.
  ///
  /// @throws OperatorException if it says none
  public static ChangesetVersion parse(String text) {
    if (!isVersion(text)) {
      throw new OperatorException(
          "not a version: " + text,
          "it is a number of up to 18 digits, or several with dots, such as 7 and 1.10");
    }
    List<Long> parts = new ArrayList<>();
    for (String part : text.split("[._]", -1)) {
      parts.add(Long.parseLong(part));
    }
    return new ChangesetVersion(parts);
  }

  /// Whether it is one number.
  public boolean isNumber() {
    return parts.size() == 1;
  }

  /// Its first number; all of it if it [is one][#isNumber].
  public long number() {
    return parts.getFirst();
  }

  /// The version after this one, with as many numbers.
  public ChangesetVersion next() {
    List<Long> next = new ArrayList<>(parts);
    next.add(next.removeLast() + 1);
    return new ChangesetVersion(next);
  }

  public boolean isAfter(ChangesetVersion other) {
    return compareTo(other) > 0;
  }

  @Override
  public int compareTo(ChangesetVersion other) {
    for (int i = 0; i < Math.max(parts.size(), other.parts.size()); i++) {
      int order = Long.compare(part(i), other.part(i));
      if (order != 0) {
        return order;
      }
    }
    return 0;
  }

  private long part(int index) {
    return index < parts.size() ? parts.get(index) : 0;
  }

  /// As it stands in names and in the history: `007`, `1.10`.
  public String digits() {
    return isNumber() ? ChangelogFile.digits(number()) : toString();
  }

  /// `7`, `1.10`
  @Override
  public String toString() {
    return parts.stream().map(String::valueOf).collect(Collectors.joining("."));
  }
}
