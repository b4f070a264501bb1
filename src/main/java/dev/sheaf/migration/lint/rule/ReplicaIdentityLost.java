package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.catalog.Catalog;
import dev.sheaf.migration.catalog.Catalog.ConstraintKind;
import dev.sheaf.migration.catalog.Catalog.Relation;
import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import dev.sheaf.migration.lint.Step;
import java.util.stream.Stream;

/// Reports a table that loses its replica identity.
final class ReplicaIdentityLost implements Rule {

  @Override
  public About about() {
    return Rule.warning(
        "If the table is published, every UPDATE and DELETE fails from now on.",
        "first set REPLICA IDENTITY USING INDEX to another unique index, or to FULL if there is none");
  }

  @Override
  public Stream<Finding> judge(Observation observation) {
    return observation
        .steps()
        .flatMap(step ->
            step.before().relations().values().stream()
                .filter(table -> observation.existed(table) && isLost(step, table.oid()))
                .filter(table -> !isLost(step, table.parent()))
                .filter(table -> !isIdentified(observation.after(), table.oid()))
                .map(table ->
                    observation.finding(
                        this,
                        step,
                        table,
                        table.qualified(),
                        table.qualified() + " no longer has a replica identity")));
  }

  private static boolean isLost(Step step, long oid) {
    return step.after().relations().containsKey(oid)
        && isIdentified(step.before(), oid)
        && !isIdentified(step.after(), oid);
  }

  private static boolean isIdentified(Catalog catalog, long oid) {
    Relation table = catalog.relations().get(oid);
    return table != null
        && table.kind().isTable()
        && switch (table.replicaIdentity()) {
          case "d" ->
              catalog.constraints().values().stream()
                  .anyMatch(c -> c.table() == oid && c.kind() == ConstraintKind.PRIMARY_KEY);
          case "i" ->
              catalog.indexes().values().stream()
                  .anyMatch(index -> index.table() == oid && index.replicaIdentity());
          default -> table.replicaIdentity().equals("f");
        };
  }
}
