package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.lint.Failure;
import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import java.util.stream.Stream;

/// Reports an enum value that is used in the transaction that adds it.
final class EnumValueUsedInSameTransaction implements Rule {

  @Override
  public About about() {
    return Rule.error(
        "PostgreSQL rejects a new enum value in the transaction that added it, so the changeset fails.",
        "add the value in one changeset and use it in the next");
  }

  @Override
  public Stream<Finding> judge(Observation observation) {
    return observation
        .steps()
        .flatMap(step -> {
          Failure failure = step.failure();
          return failure != null && Failure.usesNewEnumValue(failure)
              ? Stream.of(observation.finding(this, step, null, failure.message()))
              : Stream.empty();
        });
  }
}
