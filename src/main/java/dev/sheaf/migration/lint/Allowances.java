package dev.sheaf.migration.lint;

import dev.sheaf.migration.changelog.Changelogs;
import dev.sheaf.migration.changelog.Changeset;
import dev.sheaf.migration.changelog.ChangesetVersion;
import dev.sheaf.migration.changelog.Directives.Allowance;
import dev.sheaf.runtime.OperatorException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Findings that are accepted, and why. A changelog declares them with `--allow`. For a released
/// changelog, which must not be edited, they are declared in `lint.allow` in the module's
/// directory.
///
/// A line of `lint.allow` is `NNN RULE [OBJECT]: WHY`. Empty lines and lines that begin with `#`
/// are ignored.
public final class Allowances {

  private static final String FILE = Changelogs.ALLOWANCES;

  /// Only the allowances in the changelogs themselves.
  public static final Allowances IN_FILES = new Allowances(Map.of());

  private static final Pattern LINE =
      Pattern.compile(
          "(?<version>\\d{3,}|\\d+(?:\\.\\d+)+)\\s+(?<rule>[a-z0-9-]+)(?:\\s+(?<object>[^:]+?))?\\s*:\\s*(?<reason>\\S.*)");

  private final Map<String, List<DeclaredAllowance>> released;

  private Allowances(Map<String, List<DeclaredAllowance>> released) {
    this.released = released;
  }

  /// An allowance and the file that declares it.
  ///
  /// @param file `module/lint.allow`, or the changelog itself
  public record DeclaredAllowance(String file, Allowance allowance) {

    public boolean covers(Finding finding) {
      String object = allowance.object();
      return finding.rule().equals(allowance.rule())
          && (object == null
              || object.equals(finding.object())
              || ("public." + object).equals(finding.object()));
    }
  }

  /// The allowances of `changelogs`.
  ///
  /// @throws OperatorException if a line is invalid
  public static Allowances of(Changelogs changelogs) {
    Map<String, List<DeclaredAllowance>> released = new HashMap<>();
    changelogs
        .allowances()
        .forEach((module, text) -> read(module, text.lines().toList(), released));
    return new Allowances(released);
  }

  private static void read(
      String module, List<String> lines, Map<String, List<DeclaredAllowance>> released) {
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i).strip();
      if (line.isEmpty() || line.startsWith("#")) {
        continue;
      }
      Matcher matcher = LINE.matcher(line);
      if (!matcher.matches()) {
        throw new OperatorException(
            "%s/%s:%s: cannot read \"%s\"".formatted(module, FILE, i + 1, line),
            "write NNN RULE: WHY, or NNN RULE OBJECT: WHY");
      }
      released
          .computeIfAbsent(
              module + "/" + ChangesetVersion.parse(matcher.group("version")),
              key -> new ArrayList<>())
          .add(
              new DeclaredAllowance(
                  module + "/" + FILE,
                  new Allowance(
                      matcher.group("rule"),
                      matcher.group("object"),
                      matcher.group("reason"),
                      i + 1)));
    }
  }

  /// The text of a `lint.allow` without the lines about changesets up to a version.
  public static String withoutUpTo(ChangesetVersion version, String text) {
    StringBuilder rest = new StringBuilder();
    text.lines()
        .filter(line -> {
          Matcher matcher = LINE.matcher(line.strip());
          return !matcher.matches()
              || ChangesetVersion.parse(matcher.group("version")).isAfter(version);
        })
        .forEach(line -> rest.append(line).append('\n'));
    return rest.toString();
  }

  /// The allowances for `changeset`.
  public List<DeclaredAllowance> of(Changeset changeset) {
    List<DeclaredAllowance> entries = new ArrayList<>();
    for (Allowance allowance : changeset.directives().allowances()) {
      entries.add(new DeclaredAllowance(changeset.file().shortPath(), allowance));
    }
    entries.addAll(
        released.getOrDefault(changeset.module() + "/" + changeset.version(), List.of()));
    return entries;
  }
}
