package dev.sheaf.schema;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// What a changelog file says to the engine, in lines of their own that Liquibase reads as
/// comments.
///
/// | line | means |
/// |---|---|
/// | `--requires MODULE` | in a module's first file: this module needs that one |
/// | `--lock-timeout 10s` | how long an attempt waits for a lock on a table |
/// | `--statement-timeout 1h` | how long a statement may run; 0 is forever |
/// | `--destructive WHY` | data is lost for good when this runs; production wants a verified backup first |
/// | `--late refuse` | this changeset must not be applied after higher-numbered ones |
///
/// @param requires modules
/// @param lockTimeout `null` where the file doesn't say
/// @param statementTimeout `null` where the file doesn't say
/// @param destructive why data is lost; `null` when none is
/// @param lateRefused whether it must not be applied late
record Directives(
    List<String> requires,
    @Nullable Duration lockTimeout,
    @Nullable Duration statementTimeout,
    @Nullable String destructive,
    boolean lateRefused) {

  private static final Pattern LINE =
      Pattern.compile(
          "(?m)^--(requires|lock-timeout|statement-timeout|destructive|late)\\b[: \\t]*(.*)$");
  private static final Pattern DURATION = Pattern.compile("(\\d+)\\s*(ms|s|m|min|h)?");

  /// @throws SchemaException when a line's value cannot be read
  static Directives of(ChangelogFile file) {
    List<String> requires = new ArrayList<>();
    Duration lockTimeout = null;
    Duration statementTimeout = null;
    String destructive = null;
    boolean lateRefused = false;
    Matcher line = LINE.matcher(file.content());
    while (line.find()) {
      String value = line.group(2).strip();
      switch (line.group(1)) {
        case "requires" -> requires.addAll(List.of(value.split("[, ]+")));
        case "lock-timeout" -> lockTimeout = duration(file, line.group(), value);
        case "statement-timeout" -> statementTimeout = duration(file, line.group(), value);
        case "destructive" -> destructive = value;
        case "late" -> {
          if (!value.equals("refuse")) {
            throw new SchemaException(
                file.shortPath() + ": cannot read \"" + line.group() + "\"",
                "it can say --late refuse");
          }
          lateRefused = true;
        }
        default -> throw new IllegalStateException(line.group(1));
      }
    }
    return new Directives(
        List.copyOf(requires), lockTimeout, statementTimeout, destructive, lateRefused);
  }

  private static Duration duration(ChangelogFile file, String line, String value) {
    Matcher matcher = DURATION.matcher(value);
    if (!matcher.matches()) {
      throw new SchemaException(
          file.shortPath() + ": cannot read \"" + line + "\"",
          "a duration is 500ms, 10s, 5m or 1h");
    }
    long amount = Long.parseLong(matcher.group(1));
    return switch (matcher.group(2)) {
      case "ms" -> Duration.ofMillis(amount);
      case "m", "min" -> Duration.ofMinutes(amount);
      case "h" -> Duration.ofHours(amount);
      case null, default -> Duration.ofSeconds(amount);
    };
  }
}
