package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.catalog.Catalog;
import dev.sheaf.migration.catalog.Catalog.Index;
import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import dev.sheaf.migration.lint.Size;
import java.util.stream.Stream;

/// Reports an HNSW index whose graph does not fit into maintenance_work_mem during the build.
final class GraphExceedsMaintenanceMemory implements Rule {

  private static final int ELEMENT = 242;
  private static final int NEIGHBOR = 16;
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
          long needed = size.rows() * bytes(type, connections(c.index(), observation.after()));
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

  /// Bytes of one vector in the graph during the build.
  ///
  /// Source: `HnswElementData` and `HnswNeighborArray` in pgvector's `hnsw.h`. An element has 2m
  /// neighbors of 16 bytes on the lowest layer, m neighbors on each higher layer, which every m-th
  /// vector reaches, and its value. The overhead of an element was measured with pgvector 0.8.0,
  /// from the number of tuples after which a build reports that the graph no longer fits. The sum
  /// is within 1 % of the measurement for m of 8, 16 and 32, and for vector, halfvec and bit.
  static long bytes(VectorType type, int m) {
    return ELEMENT + 2L * m * NEIGHBOR + m * NEIGHBOR / (m - 1) + type.bytes();
  }

  private static int connections(Index index, Catalog after) {
    return after.relation(index.oid()).options().stream()
        .filter(option -> option.startsWith("m="))
        .map(option -> Integer.valueOf(option.substring(2)))
        .findFirst()
        .orElse(DEFAULT_CONNECTIONS);
  }
}
