package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.catalog.Catalog;
import dev.sheaf.migration.catalog.Catalog.ConstraintKind;
import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import dev.sheaf.migration.lint.Step;
import java.util.stream.Stream;

/// Every row is checked by the statement that adds a CHECK.
final class ConstraintValidatedUnderLock implements Rule {

  @Override
  public About about() {
    return Rule.error(
        "A new CHECK reads the whole table while nobody can read or write it.",
        "add it NOT VALID, and VALIDATE CONSTRAINT in a later changeset");
  }

  @Override
  public Stream<Finding> judge(Observation observation) {
    return Stream.concat(
        observation.addedConstraints(this, ConstraintKind.CHECK, "is read in full to validate"),
        observation.steps().flatMap(step -> ofDomain(observation, step)));
  }

  /// A domain has no table of its own; all that use it are read. VALIDATE CONSTRAINT of a domain,
  /// unlike that of a table, blocks writers.
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
                        "%s is read in full to validate %s of a domain"
                            .formatted(table.qualified(), c.name()))));
  }
}
