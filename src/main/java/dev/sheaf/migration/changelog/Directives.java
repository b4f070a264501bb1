package dev.sheaf.migration.changelog;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// What a changelog file says to the engine, in lines of their own that Liquibase reads as
/// comments.
///
/// | line | means |
/// |---|---|
/// | `--requires MODULE` | in a module's first file: this module needs that one |
/// | `--opt-in WHY` | in a module's first file: this module is off unless it is switched on |
/// | `--lock-timeout 10s` | how long an attempt waits for a lock on a table |
/// | `--statement-timeout 1h` | how long a statement may run; 0 is forever |
/// | `--destructive WHY` | data is lost for good when this runs; production wants a verified backup first |
/// | `--late refuse` | this changeset must not be applied after higher-numbered ones |
/// | `--lossy-rollback WHY` | rows that were there before are not what they were after its rollback, or rows written since prevent it; production wants a verified backup first |
/// | `--requires-backfill NAME` | stays pending until that backfill, `module/NNN_name`, is complete |
/// | `--tolerates 1.4` | the oldest version of the application that still works after it |
/// | `--replaces MODULE/NNN_NAME CHECKSUM [in MODULE/NNN_NAME]` | in a module's first file: where that changeset is applied with all others that it replaces, this one counts as applied |
/// | `--allow RULE [OBJECT]: WHY` | `sheaf migrate check` does not report this finding |
///
/// @param requires modules
/// @param optIn why the module is off unless it is switched on; `null` when it is on
/// @param lockTimeout `null` where the file doesn't say
/// @param statementTimeout `null` where the file doesn't say
/// @param destructive why data is lost; `null` when none is
/// @param lateRefused whether it must not be applied late
/// @param lossyRollback why the rollback loses data; `null` when it doesn't
/// @param requiresBackfill backfills, in the order they are named
/// @param tolerates an application's version; `null` where the file doesn't say
/// @param replaces changesets that it stands for, in their order
/// @param allowances findings that the file accepts
public record Directives(
    List<String> requires,
    @Nullable String optIn,
    @Nullable Duration lockTimeout,
    @Nullable Duration statementTimeout,
    @Nullable String destructive,
    boolean lateRefused,
    @Nullable String lossyRollback,
    List<String> requiresBackfill,
    @Nullable String tolerates,
    List<Replaced> replaces,
    List<Allowance> allowances) {

  /// A changeset that another one replaces.
  ///
  /// @param label `module/NNN_name`
  /// @param checksum of the changeset
  /// @param in another replaced changeset, which itself replaces this one; `null` when none does
  public record Replaced(String label, String checksum, @Nullable String in) {}

  /// A finding that a file accepts.
  ///
  /// @param rule its name, such as `table-rewrite`
  /// @param object what it was found on; `null` is everything in this file
  /// @param reason why it is right all the same
  /// @param line where the file says so, from 1
  public record Allowance(String rule, @Nullable String object, String reason, int line) {}

  private static final Pattern ALLOWANCE =
      Pattern.compile(
          "(?<rule>[a-z0-9-]+)(?:[ \\t]+(?<object>[^:]+?))?[ \\t]*:[ \\t]*(?<reason>\\S.*)");
  private static final Pattern REPLACED =
      Pattern.compile(
          "(?<label>[a-z0-9_]+/\\S+)[ \\t]+(?<checksum>\\d+:[0-9a-f]{32})(?:[ \\t]+in[ \\t]+(?<in>\\S+))?");
  private static final Pattern VERSION = Pattern.compile("\\d+(\\.\\d+)*");
  private static final Pattern DURATION = Pattern.compile("(\\d{1,9})\\s*(ms|s|m|min|h)?");

  /// Reads the values of a file's directives.
  ///
  /// @param problems takes those that cannot be read
  static Directives of(List<DirectiveLine> lines, Consumer<ChangelogProblem> problems) {
    List<String> requires = new ArrayList<>();
    String optIn = null;
    Duration lockTimeout = null;
    Duration statementTimeout = null;
    String destructive = null;
    boolean lateRefused = false;
    String lossyRollback = null;
    List<String> requiresBackfill = new ArrayList<>();
    String tolerates = null;
    List<Replaced> replaces = new ArrayList<>();
    List<Allowance> allowances = new ArrayList<>();
    for (DirectiveLine line : lines) {
      try {
        String value = line.value();
        switch (line.word()) {
          case "requires" -> requires.addAll(List.of(required(line, "MODULE").split("[, ]+")));
          case "opt-in" -> optIn = required(line, "WHY");
          case "lock-timeout" -> lockTimeout = duration(value);
          case "statement-timeout" -> statementTimeout = duration(value);
          case "destructive" -> destructive = required(line, "WHY");
          case "lossy-rollback" -> lossyRollback = required(line, "WHY");
          case "requires-backfill" -> requiresBackfill.add(required(line, "module/NNN_name"));
          case "tolerates" -> tolerates = version(value);
          case "replaces" -> replaces.add(replaced(line, replaces));
          case "allow" -> allowances.add(allowance(line));
          case "late" -> lateRefused = isRefused(value);
          default -> throw new IllegalStateException(line.word());
        }
      } catch (Unreadable e) {
        problems.accept(
            new ChangelogProblem(line.position(), "cannot read \"" + line.text() + "\"", e.hint));
      }
    }
    return new Directives(
        List.copyOf(requires),
        optIn,
        lockTimeout,
        statementTimeout,
        destructive,
        lateRefused,
        lossyRollback,
        List.copyOf(requiresBackfill),
        tolerates,
        List.copyOf(replaces),
        List.copyOf(allowances));
  }

  /// A value that says nothing.
  private static final class Unreadable extends Exception {
    private static final long serialVersionUID = 1;

    private final String hint;

    Unreadable(String hint) {
      super(hint);
      this.hint = hint;
    }
  }

  private static String required(DirectiveLine line, String what) throws Unreadable {
    if (line.value().isEmpty()) {
      throw new Unreadable("it says --" + line.word() + " " + what);
    }
    return line.value();
  }

  private static String version(String value) throws Unreadable {
    if (!VERSION.matcher(value).matches()) {
      throw new Unreadable("it names a version, such as --tolerates 1.4");
    }
    return value;
  }

  private static boolean isRefused(String value) throws Unreadable {
    if (!value.equals("refuse")) {
      throw new Unreadable("it can say --late refuse");
    }
    return true;
  }

  private static Allowance allowance(DirectiveLine line) throws Unreadable {
    Matcher matcher = ALLOWANCE.matcher(line.value());
    if (!matcher.matches()) {
      throw new Unreadable("it says --allow RULE: WHY, or --allow RULE OBJECT: WHY");
    }
    return new Allowance(
        matcher.group("rule"),
        matcher.group("object"),
        matcher.group("reason"),
        line.position().line());
  }

  /// @param earlier those of the lines above, among them the one that it is in
  private static Replaced replaced(DirectiveLine line, List<Replaced> earlier) throws Unreadable {
    Matcher matcher = REPLACED.matcher(line.value());
    if (!matcher.matches()) {
      throw new Unreadable("sheaf migrate squash writes it: --replaces MODULE/NNN_NAME CHECKSUM");
    }
    Replaced replaced =
        new Replaced(matcher.group("label"), matcher.group("checksum"), matcher.group("in"));
    if (earlier.stream().anyMatch(one -> one.label().equals(replaced.label()))) {
      throw new Unreadable("the file names this changeset already");
    }
    if (replaced.in() != null
        && earlier.stream().noneMatch(one -> one.label().equals(replaced.in()))) {
      throw new Unreadable("name " + replaced.in() + " first, in a line above");
    }
    return replaced;
  }

  private static Duration duration(String value) throws Unreadable {
    Matcher matcher = DURATION.matcher(value);
    if (!matcher.matches()) {
      throw new Unreadable("a duration is 500ms, 10s, 5m or 1h");
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
