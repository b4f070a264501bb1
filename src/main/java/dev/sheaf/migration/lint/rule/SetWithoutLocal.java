package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import dev.sheaf.migration.lint.Step;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// Reports a setting of a transactional changeset that would outlive its transaction.
final class SetWithoutLocal implements Rule {

  private static final Pattern SET =
      Pattern.compile(
          "SET\\s+(?:SESSION\\s+)?(?!LOCAL\\b|SESSION\\b|CONSTRAINTS\\b|TRANSACTION\\b|CHARACTERISTICS\\b)"
              + "(TIME\\s+ZONE|[\\w.]+)\\s*((?:TO\\s+|=\\s*)?DEFAULT\\s*$|NONE\\s*$)?.*",
          Pattern.CASE_INSENSITIVE | Pattern.DOTALL);

  private static final Pattern SET_CONFIG =
      Pattern.compile(
          "SELECT\\b.*?\\bset_config\\s*\\(\\s*'([\\w.]+)'\\s*,.*,\\s*(?:false|'f'|'false'|'off')\\s*\\).*",
          Pattern.CASE_INSENSITIVE | Pattern.DOTALL);

  private static final Pattern RESET =
      Pattern.compile("RESET\\s+(?:SESSION\\s+)?([\\w.]+)\\s*", Pattern.CASE_INSENSITIVE);

  /// Settings that can only be set to what they are.
  private static final Set<String> FIXED =
      Set.of("client_encoding", "names", "standard_conforming_strings");

  @Override
  public About about() {
    return Rule.warning(
        "Every changeset begins with the usual settings, so a setting does not apply to later changesets.",
        "write SET LOCAL, in each changeset that needs the setting");
  }

  @Override
  public Stream<Finding> judge(Observation observation) {
    if (!observation.changeset().transactional()) {
      // SET LOCAL has no effect there.
      return Stream.empty();
    }
    Map<String, Step> set = new LinkedHashMap<>();
    observation.steps().forEach(step -> apply(step, set));
    if (set.isEmpty()) {
      return Stream.empty();
    }
    return Stream.of(
        observation.finding(
            this,
            set.values().iterator().next(),
            null,
            "set without LOCAL, and reset after the changeset: "
                + String.join(", ", set.keySet())));
  }

  private static void apply(Step step, Map<String, Step> set) {
    String sql = step.statement().withoutLeadingComments();
    Matcher reset = RESET.matcher(sql);
    Matcher config = SET_CONFIG.matcher(sql);
    Matcher plain = SET.matcher(sql);
    if (reset.matches()) {
      if (reset.group(1).equalsIgnoreCase("ALL")) {
        set.clear();
      }
      set.remove(name(reset.group(1)));
    } else if (plain.matches() && plain.group(2) != null) {
      set.remove(name(plain.group(1)));
    } else if (plain.matches() && !FIXED.contains(name(plain.group(1)))) {
      set.putIfAbsent(name(plain.group(1)), step);
    } else if (config.matches() && !FIXED.contains(name(config.group(1)))) {
      set.putIfAbsent(name(config.group(1)), step);
    }
  }

  private static String name(String setting) {
    return setting.toLowerCase(Locale.ROOT).replaceAll("\\s+", " ");
  }
}
