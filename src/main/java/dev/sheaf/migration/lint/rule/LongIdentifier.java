package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Notice;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// A name that PostgreSQL cuts.
final class LongIdentifier implements Rule {

  private static final String NAME_TOO_LONG = "42622";

  private static final Pattern QUOTED = Pattern.compile("\"(.*?)\"");

  @Override
  public About about() {
    return Rule.warning(
        "A name of more than 63 bytes is cut without an error; two that differ further on are one.",
        "choose a shorter name");
  }

  @Override
  public Stream<Finding> judge(Observation observation) {
    return observation
        .steps()
        .flatMap(step ->
            step.notices().stream()
                .filter(notice -> notice.state().equals(NAME_TOO_LONG))
                .distinct()
                .map(notice -> observation.finding(this, step, name(notice), notice.message())));
  }

  private static @Nullable String name(Notice notice) {
    Matcher matcher = QUOTED.matcher(notice.message());
    return matcher.find() ? matcher.group(1) : null;
  }
}
