package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.catalog.Catalog;
import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import java.util.stream.Stream;

/// Reports a new table without a comment.
final class MissingComment implements Rule {

  @Override
  public About about() {
    return Rule.warning(
        "People who read the catalog do not learn what the table is for.",
        "describe a row in one sentence: COMMENT ON TABLE ... IS '...'");
  }

  @Override
  public Stream<Finding> judge(Observation observation) {
    Catalog after = observation.after();
    return observation
        .created(Catalog::relations)
        .filter(c -> c.value().kind().isTable() && !c.value().persistence().equals("t"))
        .map(c -> new Observation.Created<>(c.step(), after.relation(c.value().oid())))
        .filter(c -> c.value().comment() == null && !after.isPartition(c.value()))
        .map(c ->
            observation.finding(
                this,
                c.step(),
                c.value().qualified(),
                c.value().qualified() + " is new and has no comment"));
  }
}
