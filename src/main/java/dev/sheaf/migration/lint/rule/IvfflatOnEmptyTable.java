package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import dev.sheaf.migration.lint.Size;
import java.util.stream.Stream;

/// Reports an IVFFlat index that is built on an empty table.
final class IvfflatOnEmptyTable implements Rule {

  /// pgvector's function that looks for clusters, and has something to say only when it finds too
  /// few rows.
  private static final String CLUSTERING = "ComputeCenters";

  @Override
  public About about() {
    return Rule.error(
        "The lists of an IVFFlat index are clusters of the rows that exist when it is built; on an empty table they are meaningless, and searches miss later rows.",
        "create it after the table is filled, or use hnsw, which needs no existing rows");
  }

  @Override
  public Stream<Finding> judge(Observation observation) {
    return NewIndex.of(observation)
        .filter(c -> c.index().accessMethod().equals("ivfflat"))
        .filter(c -> isEmpty(observation, c))
        .map(c ->
            c.finding(
                this, "%s is built while %s is empty".formatted(c.name(), c.table().qualified())));
  }

  /// For an existing table, the target database has the number of rows. For a new table, pgvector
  /// gives a notice.
  private static boolean isEmpty(Observation observation, NewIndex index) {
    Size size = observation.target().size(index.table().qualified());
    return observation.existed(index.table())
        ? size != null && size.rows() == 0
        : index.step().notices().stream().anyMatch(notice -> notice.routine().equals(CLUSTERING));
  }
}
