package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import java.util.stream.Stream;

/// A lock that others have to wait for is waited for without end.
final class NoLockTimeout implements Rule {

  @Override
  public About about() {
    return Rule.error(
        "While it waits for the lock, everybody else on the table waits behind it, for as long as it takes.",
        "say --lock-timeout 3s, or leave the default; a changeset that cannot get its lock is tried again");
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
