package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import java.util.stream.Stream;

/// Reports a statement that changes the whole server. It is not run on the scratch database.
final class ClusterWideStatement implements Rule {

  @Override
  public About about() {
    return Rule.error(
        "The statement changes the whole server. Check, prove and verify do not run it.",
        "create roles, databases and settings when the server is set up, outside of the changelogs");
  }

  @Override
  public Stream<Finding> judge(Observation observation) {
    return observation
        .steps()
        .filter(step -> step.statement().isClusterWide())
        .map(step ->
            observation.finding(
                this, step, null, "the statement changes the whole server and was not run"));
  }
}
