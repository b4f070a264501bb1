package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import java.util.stream.Stream;

/// Reports a blocking lock that is requested without lock_timeout.
final class NoLockTimeout implements Rule {

  @Override
  public About about() {
    return Rule.error(
        "While the changeset waits for the lock, all other clients of the table wait behind it, without a limit.",
        "write --lock-timeout 3s, or keep the default; a changeset that does not get its lock is retried");
  }

  @Override
  public Stream<Finding> judge(Observation observation) {
    return observation
        .steps()
        .filter(step -> step.lockTimeout().isZero())
        .flatMap(step ->
            observation
                .newlyBlocked(step)
                .map(table ->
                    observation.finding(
                        this,
                        step,
                        table,
                        table.qualified(),
                        table.qualified() + " is locked while lock_timeout is 0")));
  }
}
