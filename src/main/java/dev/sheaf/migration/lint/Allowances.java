package dev.sheaf.migration.lint;

import dev.sheaf.migration.changelog.Changelogs;
import dev.sheaf.migration.changelog.Changeset;
import dev.sheaf.migration.changelog.Directives.Allowance;
import dev.sheaf.runtime.OperatorException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Which findings are accepted, and why: what a changelog says of itself in `--allow`, and what
/// `lint.allow` in its module's directory says of it, because a file that was applied is never
/// edited.
///
/// A line of `lint.allow` is `NNN RULE [OBJECT]: WHY`; empty lines and `#` are comments.
public final class Allowances {

  private static final String FILE = Changelogs.ALLOWANCES;

  /// Only what the changelogs say of themselves.
  public static final Allowances IN_FILES = new Allowances(Map.of());

  private static final Pattern LINE =
      Pattern.compile(
          "(?<number>\\d{3,})\\s+(?<rule>[a-z0-9-]+)(?:\\s+(?<object>[^:]+?))?\\s*:\\s*(?<reason>\\S.*)");

  private final Map<String, List<Entry>> released;

  private Allowances(Map<String, List<Entry>> released) {
    this.released = released;
  }

  /// One allowance and the file that declares it.
  ///
  /// @param file where it stands, `module/lint.allow` or the changelog itself
  public record Entry(String file, Allowance allowance) {

    public boolean covers(Finding finding) {
      String object = allowance.object();
      return finding.rule().equals(allowance.rule())
          && (object == null
              || object.equals(finding.object())
              || ("public." + object).equals(finding.object()));
    }
  }

  /// What `changelogs` accept.
  ///
  /// @throws OperatorException when a line cannot be read
  public static Allowances of(Changelogs changelogs) {
    Map<String, List<Entry>> released = new HashMap<>();
    changelogs
        .allowances()
        .forEach((module, text) -> read(module, text.lines().toList(), released));
    return new Allowances(released);
  }

  private static void read(String module, List<String> lines, Map<String, List<Entry>> released) {
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i).strip();
      if (line.isEmpty() || line.startsWith("#")) {
        continue;
      }
      Matcher matcher = LINE.matcher(line);
      if (!matcher.matches()) {
        throw new OperatorException(
            "%s/%s:%s: cannot read \"%s\"".formatted(module, FILE, i + 1, line),
            "it says NNN RULE: WHY, or NNN RULE OBJECT: WHY");
      }
      released
          .computeIfAbsent(
              module + "/" + Integer.parseInt(matcher.group("number")), key -> new ArrayList<>())
          .add(
              new Entry(
                  module + "/" + FILE,
                  new Allowance(
                      matcher.group("rule"),
                      matcher.group("object"),
                      matcher.group("reason"),
                      i + 1)));
    }
  }

  /// What is accepted of `changeset`.
  public List<Entry> of(Changeset changeset) {
    List<Entry> entries = new ArrayList<>();
    for (Allowance allowance : changeset.directives().allowances()) {
      entries.add(new Entry(changeset.file().shortPath(), allowance));
    }
    entries.addAll(released.getOrDefault(changeset.module() + "/" + changeset.number(), List.of()));
    return entries;
  }
}
