package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.catalog.Catalog;
import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import dev.sheaf.migration.lint.Step;
import java.util.stream.Stream;

/// Reports a SET NOT NULL that scans the table.
final class SetNotNullScans implements Rule {

  @Override
  public About about() {
    return Rule.error(
        "SET NOT NULL scans the whole table under a lock that blocks reads and writes.",
        "validate CHECK (column IS NOT NULL) first, in changesets of its own, then SET NOT NULL");
  }

  @Override
  public Stream<Finding> judge(Observation observation) {
    return Stream.concat(
        observation.steps().flatMap(step -> ofDomain(observation, step)),
        observation.steps().flatMap(step -> ofTable(observation, step)));
  }

  /// SET NOT NULL of a domain scans all tables that use the domain.
  private Stream<Finding> ofDomain(Observation observation, Step step) {
    return step.changed(Catalog::types)
        .filter(type -> !type.before().notNull() && type.after().notNull())
        .flatMap(type ->
            observation
                .tables()
                .filter(table -> step.blocksWrites(table.oid()) && step.scanned(table.oid()))
                .filter(table -> !step.before().isPartition(table))
                .map(table ->
                    observation.finding(
                        this,
                        step,
                        table,
                        table.qualified(),
                        "%s is scanned for SET NOT NULL of domain %s"
                            .formatted(table.qualified(), type.after().qualified()))));
  }

  private Stream<Finding> ofTable(Observation observation, Step step) {
    return step.changedColumns()
        .filter(c -> observation.existed(c.table()))
        .filter(c -> !c.before().notNull() && c.after().notNull())
        .filter(c -> step.scanned(c.table().oid()))
        .map(c ->
            observation.finding(
                this,
                step,
                c.table(),
                c.qualified(),
                c.table().qualified() + " is scanned for SET NOT NULL"));
  }
}
