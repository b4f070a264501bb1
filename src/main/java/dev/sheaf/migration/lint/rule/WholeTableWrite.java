package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.catalog.Catalog;
import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import dev.sheaf.migration.lint.Step;
import java.util.stream.Stream;

/// A schema change writes every row of a table.
final class WholeTableWrite implements Rule {

  @Override
  public About about() {
    return Rule.error(
        "One transaction keeps every row locked until its end, doubles the table and floods the WAL.",
        "declare a backfill, which writes in bounded batches");
  }

  @Override
  public Stream<Finding> judge(Observation observation) {
    return observation.onTables(
        step ->
            step.before().relations().values().stream()
                .filter(table -> writesAll(observation, step, step.before().root(table))),
        (step, table) ->
            observation.finding(
                this,
                step,
                table,
                table.qualified(),
                "every row of " + table.qualified() + " is updated or deleted"));
  }

  /// One row that is written says nothing about the others.
  private static boolean writesAll(Observation observation, Step step, Catalog.Relation table) {
    long rows =
        step.before().family(table.oid()).stream()
            .mapToLong(oid -> observation.rows().getOrDefault(oid, 0L))
            .sum();
    return rows > 1 && step.activity(table.oid()).written() >= rows;
  }
}
