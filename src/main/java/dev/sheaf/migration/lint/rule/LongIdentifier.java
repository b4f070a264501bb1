package dev.sheaf.migration.lint.rule;

import dev.sheaf.database.SqlStates;
import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import java.util.stream.Stream;

/// Reports a name that PostgreSQL truncates.
final class LongIdentifier implements Rule {

  @Override
  public About about() {
    return Rule.warning(
        "A name of more than 63 bytes is truncated without an error, and two long names can become the same.",
        "choose a shorter name");
  }

  @Override
  public Stream<Finding> judge(Observation observation) {
    return observation
        .steps()
        .flatMap(step ->
            step.notices().stream()
                .filter(notice -> notice.state().equals(SqlStates.NAME_TOO_LONG))
                .distinct()
                .map(notice ->
                    observation.finding(
                        this, step, step.longIdentifier(notice), notice.message())));
  }
}
