package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.catalog.Catalog;
import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import dev.sheaf.migration.lint.Step;
import java.util.stream.Stream;

/// Reports a statement that updates or deletes every row of a table.
final class WholeTableWrite implements Rule {

  @Override
  public About about() {
    return Rule.error(
        "One transaction locks every row until its end, doubles the size of the table and floods the WAL.",
        "declare a backfill, which writes in small batches");
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

  /// Whether all rows are written. A table with one row does not count, because one written row
  /// does not tell.
  private static boolean writesAll(Observation observation, Step step, Catalog.Relation table) {
    long rows =
        step.before().family(table.oid()).stream()
            .mapToLong(oid -> observation.rows().getOrDefault(oid, 0L))
            .sum();
    return rows > 1 && step.activity(table.oid()).written() >= rows;
  }
}
