package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import dev.sheaf.migration.lint.Size;
import java.util.stream.Stream;

/// Clusters of nothing.
final class IvfflatOnEmptyTable implements Rule {

  /// pgvector's function that looks for clusters, and has something to say only when it finds too
  /// few rows.
  private static final String CLUSTERING = "ComputeCenters";

  @Override
  public About about() {
    return Rule.error(
        "The lists of an IVFFlat index are the clusters of the rows that are there when it is built; later rows fall into lists that mean nothing, and searches miss them.",
        "build it once the table has its rows, or use hnsw, which grows with them");
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

  /// A scratch database says nothing of the rows that a table has where it lives; pgvector says it
  /// of a table that is new.
  private static boolean isEmpty(Observation observation, NewIndex index) {
    Size size = observation.live().size(index.table().qualified());
    return observation.existed(index.table())
        ? size != null && size.rows() == 0
        : index.step().notices().stream().anyMatch(notice -> notice.routine().equals(CLUSTERING));
  }
}
