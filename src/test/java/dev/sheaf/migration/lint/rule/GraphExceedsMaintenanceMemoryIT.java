package dev.sheaf.migration.lint.rule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.sheaf.database.HnswGraph;
import dev.sheaf.migration.lint.Size;
import dev.sheaf.migration.lint.TargetDatabase;
import dev.sheaf.testing.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GraphExceedsMaintenanceMemoryIT {

  private static final String GIVEN =
      "CREATE TABLE document (id bigint PRIMARY KEY, embedding vector(384));";

  private static final TargetDatabase LIVE =
      new TargetDatabase(
          Map.of("public.document", new Size(20L << 30, 10_000_000)),
          Map.of("maintenance_work_mem", "65536"),
          Map.of());

  @Test
  void tenMillionRowsAndTheDefault() {
    assertThat(
            findings(
                "CREATE INDEX document_embedding_idx ON document USING hnsw (embedding vector_cosine_ops);"))
        .isEqualTo(
            """
            core/002_change.sql:3: warning: graph-exceeds-maintenance-memory: the graph of public.document_embedding_idx needs about 22 GB, and maintenance_work_mem is 64 MB (20 GB, about 10000000 rows)
                CREATE INDEX document_embedding_idx ON document USING hnsw (embedding vector_cosine_ops)
                SET maintenance_work_mem in the same changeset to what the graph needs, if the server has enough memory: docs/lint/graph-exceeds-maintenance-memory.md
            """);
  }

  @Test
  void memoryForAll() {
    assertThat(
            findings(
                """
                SET maintenance_work_mem = '24GB';
                CREATE INDEX document_embedding_idx ON document USING hnsw (embedding vector_cosine_ops);
                """))
        .isEmpty();
  }

  /// pgvector reports the number of vectors after which the memory was full.
  @ParameterizedTest
  @ValueSource(ints = {8, 16, 32})
  void theEstimateIsWhatABuildTakes(int m) throws SQLException {
    try (TestDatabase database = TestDatabase.create();
        Connection connection = database.connect();
        Statement statement = connection.createStatement()) {
      statement.execute(
          """
          CREATE EXTENSION vector;
          CREATE TABLE document AS
          SELECT ARRAY[random(), random(), random(), random()]::vector(4) AS embedding
            FROM generate_series(1, 3000);
          SET max_parallel_maintenance_workers = 0;
          SET maintenance_work_mem = '1MB';
          """);
      statement.execute(
          "CREATE INDEX ON document USING hnsw (embedding vector_l2_ops) WITH (m = %s)"
              .formatted(m));
      String notice = String.valueOf(statement.getWarnings().getMessage());
      long vectors = Long.parseLong(notice.replaceAll("\\D", ""));

      assertThat(vectors * HnswGraph.bytes(new VectorType("vector", 4).bytes(), m))
          .isCloseTo(1L << 20, withinPercentage(5));
    }
  }

  private static String findings(String changeset) {
    return RuleHarness.findings(new GraphExceedsMaintenanceMemory(), LIVE, GIVEN, changeset);
  }
}
