package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.lint.Failure;
import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import java.util.stream.Stream;

/// Reports a statement that fails.
final class ChangesetFails implements Rule {

  @Override
  public About about() {
    return Rule.error(
        "A statement fails on the schema of the target database.",
        "correct the statement; the rows of the scratch database are sample rows, its schema is the real one");
  }

  @Override
  public Stream<Finding> judge(Observation observation) {
    return observation
        .steps()
        .flatMap(step -> {
          Failure failure = step.failure();
          return failure == null
                  || Failure.refusesTransaction(failure)
                  || Failure.usesNewEnumValue(failure)
                  || Failure.exceedsDimensions(failure)
              ? Stream.empty()
              : Stream.of(
                  observation.finding(
                      this, step, null, failure.message() + " (" + failure.state() + ")"));
        });
  }
}
