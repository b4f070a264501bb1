package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.catalog.Catalog;
import dev.sheaf.migration.catalog.Catalog.Index;
import dev.sheaf.migration.catalog.Catalog.Relation;
import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import dev.sheaf.migration.lint.Step;
import java.util.Objects;
import java.util.stream.Stream;

/// Reports a dropped vector index without a successor.
final class IndexDroppedBeforeReplacement implements Rule {

  @Override
  public About about() {
    return Rule.error(
        "Until its successor is valid, every search scans the whole table, and the build can take hours.",
        "create the new index CONCURRENTLY under another name, then drop the old one, then rename the new one");
  }

  @Override
  public Stream<Finding> judge(Observation observation) {
    return observation
        .steps()
        .flatMap(step ->
            step.dropped(Catalog::indexes)
                .filter(index -> index.isOfVectors() && observation.existed(index.oid()))
                .filter(index -> isMissed(step, index))
                .map(index -> {
                  Relation table = step.before().relation(index.table());
                  String name = step.before().relation(index.oid()).qualified();
                  return observation.finding(
                      this,
                      step,
                      table,
                      name,
                      "%s is dropped, and no other index serves %s"
                          .formatted(name, String.join(", ", index.keys())));
                }));
  }

  private static boolean isMissed(Step step, Index dropped) {
    Relation before = step.before().relation(dropped.table());
    Relation after = step.after().relations().get(dropped.table());
    return after != null
        && before.columns().stream().allMatch(column -> after.column(column.number()) != null)
        && step.after().indexes().values().stream()
            .noneMatch(index ->
                index.table() == dropped.table()
                    && index.valid()
                    && index.isOfVectors()
                    && index.keys().equals(dropped.keys())
                    && Objects.equals(index.predicate(), dropped.predicate()));
  }
}
