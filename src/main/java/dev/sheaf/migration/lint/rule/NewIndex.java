package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.catalog.Catalog;
import dev.sheaf.migration.catalog.Catalog.Index;
import dev.sheaf.migration.catalog.Catalog.Relation;
import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import dev.sheaf.migration.lint.Step;
import java.util.stream.Stream;

/// An index that a changeset creates.
///
/// @param step the statement that creates it
/// @param table the table after the changeset
/// @param index the index after the changeset
record NewIndex(Observation observation, Step step, Relation table, Index index) {

  static Stream<NewIndex> of(Observation observation) {
    Catalog after = observation.after();
    return observation
        .created(Catalog::indexes)
        .filter(c -> !after.isPartition(after.relation(c.value().oid())))
        .map(
            c -> new NewIndex(observation, c.step(), after.relation(c.value().table()), c.value()));
  }

  /// `public.document_embedding_idx`
  String name() {
    return observation.after().relation(index.oid()).qualified();
  }

  /// Whether PostgreSQL may build it with parallel workers.
  boolean isBuiltInParallel() {
    return !observation.setting(step, "max_parallel_maintenance_workers").equals("0");
  }

  Finding finding(Rule rule, String message) {
    return observation
        .finding(rule, step, name(), message)
        .withSize(observation.target().size(table.qualified()));
  }
}
