package dev.sheaf.migration.changelog;

import dev.sheaf.runtime.OperatorException;
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
/// | `--lossy-rollback WHY` | rows that were there before are not what they were after its rollback; production wants a verified backup first |
/// | `--requires-backfill NAME` | stays pending until that backfill, `module/NNN_name`, is complete |
/// | `--tolerates 1.4` | the oldest version of the application that still works after it |
/// | `--allow RULE [OBJECT]: WHY` | `sheaf migrate check` does not report this finding |
///
/// @param requires modules
/// @param lockTimeout `null` where the file doesn't say
/// @param statementTimeout `null` where the file doesn't say
/// @param destructive why data is lost; `null` when none is
/// @param lateRefused whether it must not be applied late
/// @param lossyRollback why the rollback loses data; `null` when it doesn't
/// @param requiresBackfill backfills, in the order they are named
/// @param tolerates an application's version; `null` where the file doesn't say
/// @param allowances findings that the file accepts
public record Directives(
    List<String> requires,
    @Nullable Duration lockTimeout,
    @Nullable Duration statementTimeout,
    @Nullable String destructive,
    boolean lateRefused,
    @Nullable String lossyRollback,
    List<String> requiresBackfill,
    @Nullable String tolerates,
    List<Allowance> allowances) {

  /// A finding that a file accepts.
  ///
  /// @param rule its name, such as `table-rewrite`
  /// @param object what it was found on; `null` is everything in this file
  /// @param reason why it is right all the same
  /// @param line where the file says so, from 1
  public record Allowance(String rule, @Nullable String object, String reason, int line) {}

  private static final Pattern LINE =
      Pattern.compile(
          "(?m)^--(requires-backfill|requires|lock-timeout|statement-timeout|destructive|late"
              + "|lossy-rollback|tolerates|allow)(?![\\w-])[: \\t]*(.*)$");
  private static final Pattern ALLOWANCE =
      Pattern.compile(
          "(?<rule>[a-z0-9-]+)(?:[ \\t]+(?<object>[^:]+?))?[ \\t]*:[ \\t]*(?<reason>\\S.*)");
  private static final Pattern VERSION = Pattern.compile("\\d+(\\.\\d+)*");
  private static final Pattern DURATION = Pattern.compile("(\\d+)\\s*(ms|s|m|min|h)?");

  /// @throws OperatorException when a line's value cannot be read
  static Directives of(ChangelogFile file) {
    List<String> requires = new ArrayList<>();
    Duration lockTimeout = null;
    Duration statementTimeout = null;
    String destructive = null;
    boolean lateRefused = false;
    String lossyRollback = null;
    List<String> requiresBackfill = new ArrayList<>();
    String tolerates = null;
    List<Allowance> allowances = new ArrayList<>();
    Matcher line = LINE.matcher(file.content());
    while (line.find()) {
      String value = line.group(2).strip();
      switch (line.group(1)) {
        case "requires" -> requires.addAll(List.of(value.split("[, ]+")));
        case "lock-timeout" -> lockTimeout = duration(file, line.group(), value);
        case "statement-timeout" -> statementTimeout = duration(file, line.group(), value);
        case "destructive" -> destructive = required(file, line.group(), value, "WHY");
        case "lossy-rollback" -> lossyRollback = required(file, line.group(), value, "WHY");
        case "requires-backfill" ->
            requiresBackfill.add(required(file, line.group(), value, "module/NNN_name"));
        case "tolerates" -> {
          if (!VERSION.matcher(value).matches()) {
            throw unreadable(file, line.group(), "it names a version, such as --tolerates 1.4");
          }
          tolerates = value;
        }
        case "allow" -> allowances.add(allowance(file, line, value));
        case "late" -> {
          if (!value.equals("refuse")) {
            throw unreadable(file, line.group(), "it can say --late refuse");
          }
          lateRefused = true;
        }
        default -> throw new IllegalStateException(line.group(1));
      }
    }
    return new Directives(
        List.copyOf(requires),
        lockTimeout,
        statementTimeout,
        destructive,
        lateRefused,
        lossyRollback,
        List.copyOf(requiresBackfill),
        tolerates,
        List.copyOf(allowances));
  }

  private static String required(ChangelogFile file, String line, String value, String what) {
    if (value.isEmpty()) {
      throw unreadable(file, line, "it says " + line.strip() + " " + what);
    }
    return value;
  }

  private static Allowance allowance(ChangelogFile file, Matcher line, String value) {
    Matcher matcher = ALLOWANCE.matcher(value);
    if (!matcher.matches()) {
      throw unreadable(
          file, line.group(), "it says --allow RULE: WHY, or --allow RULE OBJECT: WHY");
    }
    int number = 1 + (int) file.content().substring(0, line.start()).lines().count();
    return new Allowance(
        matcher.group("rule"), matcher.group("object"), matcher.group("reason"), number);
  }

  private static OperatorException unreadable(ChangelogFile file, String line, String hint) {
    return new OperatorException(file.shortPath() + ": cannot read \"" + line + "\"", hint);
  }

  private static Duration duration(ChangelogFile file, String line, String value) {
    Matcher matcher = DURATION.matcher(value);
    if (!matcher.matches()) {
      throw unreadable(file, line, "a duration is 500ms, 10s, 5m or 1h");
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
