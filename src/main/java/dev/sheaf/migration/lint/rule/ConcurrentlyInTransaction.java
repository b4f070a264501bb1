package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.lint.Failure;
import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import java.util.stream.Stream;

/// Reports a statement that cannot run in a transaction.
final class ConcurrentlyInTransaction implements Rule {

  @Override
  public About about() {
    return Rule.error(
        "PostgreSQL rejects the statement in a transaction, so the changeset fails.",
        "write runInTransaction:false on the --changeset line, one such statement per file");
  }

  @Override
  public Stream<Finding> judge(Observation observation) {
    return observation
        .steps()
        .flatMap(step -> {
          Failure failure = step.failure();
          return failure != null && Failure.refusesTransaction(failure)
              ? Stream.of(observation.finding(this, step, null, failure.message()))
              : Stream.empty();
        });
  }
}
