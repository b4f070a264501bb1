package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.lint.Failure;
import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import java.util.stream.Stream;

/// A new value of an enum is used before it is committed.
final class EnumValueUsedInSameTransaction implements Rule {

  @Override
  public About about() {
    return Rule.error(
        "PostgreSQL refuses a value of an enum in the transaction that added it, so the changeset fails.",
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
