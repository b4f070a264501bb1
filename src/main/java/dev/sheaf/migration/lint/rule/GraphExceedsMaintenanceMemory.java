package dev.sheaf.migration.lint.rule;

import dev.sheaf.database.HnswGraph;
import dev.sheaf.migration.catalog.Catalog;
import dev.sheaf.migration.catalog.Catalog.Index;
import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import dev.sheaf.migration.lint.Size;
import java.util.stream.Stream;

/// Reports an HNSW index whose graph does not fit into maintenance_work_mem during the build.
final class GraphExceedsMaintenanceMemory implements Rule {

  private static final int DEFAULT_CONNECTIONS = 16;

  @Override
  public About about() {
    return Rule.warning(
        "When the graph of an HNSW index no longer fits into maintenance_work_mem, the rest of the build is many times slower.",
        "SET maintenance_work_mem in the same changeset to what the graph needs, if the server has enough memory");
  }

  @Override
  public Stream<Finding> judge(Observation observation) {
    return NewIndex.of(observation)
        .filter(c -> c.index().accessMethod().equals("hnsw"))
        .flatMap(c -> {
          Size size = observation.target().size(c.table().qualified());
          VectorType type = VectorType.of(c.index().columnTypes().getFirst());
          if (size == null || type == null) {
            return Stream.empty();
          }
          long needed =
              size.rows()
                  * HnswGraph.bytes(type.bytes(), connections(c.index(), observation.after()));
          long memory =
              1024 * Long.parseLong(observation.setting(c.step(), "maintenance_work_mem"));
          return needed <= memory
              ? Stream.empty()
              : Stream.of(
                  c.finding(
                      this,
                      "the graph of %s needs about %s, and maintenance_work_mem is %s"
                          .formatted(c.name(), Size.text(needed), Size.text(memory))));
        });
  }

  private static int connections(Index index, Catalog after) {
    return after.relation(index.oid()).options().stream()
        .filter(option -> option.startsWith("m="))
        .map(option -> Integer.valueOf(option.substring(2)))
        .findFirst()
        .orElse(DEFAULT_CONNECTIONS);
  }
}
