package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.catalog.Catalog;
import dev.sheaf.migration.catalog.Catalog.ConstraintKind;
import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import dev.sheaf.migration.lint.Step;
import java.util.stream.Stream;

/// Reports a CHECK that is validated by the statement that adds it.
final class ConstraintValidatedUnderLock implements Rule {

  @Override
  public About about() {
    return Rule.error(
        "A new CHECK scans the whole table under a lock that blocks reads and writes.",
        "add it NOT VALID, and VALIDATE CONSTRAINT in a later changeset");
  }

  @Override
  public Stream<Finding> judge(Observation observation) {
    return Stream.concat(
        observation.addedConstraints(this, ConstraintKind.CHECK, "is scanned to validate"),
        observation.steps().flatMap(step -> ofDomain(observation, step)));
  }

  /// A new constraint of a domain scans all tables that use the domain. VALIDATE CONSTRAINT of a
  /// domain, unlike that of a table, blocks writers.
  private Stream<Finding> ofDomain(Observation observation, Step step) {
    return Stream.concat(
            step.created(Catalog::constraints),
            step.changed(Catalog::constraints)
                .filter(c -> !c.before().validated())
                .map(Step.Changed::after))
        .filter(c -> c.domain() != 0 && c.validated())
        .flatMap(c ->
            observation
                .tables()
                .filter(table -> step.blocksWrites(table.oid()) && step.scanned(table.oid()))
                .filter(table -> !step.before().isPartition(table))
                .map(table ->
                    observation.finding(
                        this,
                        step,
                        table,
                        table.qualified() + "." + c.name(),
                        "%s is scanned to validate %s of a domain"
                            .formatted(table.qualified(), c.name()))));
  }
}
