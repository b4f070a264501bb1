package dev.sheaf.schema.check;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class GraphExceedsMaintenanceMemoryIT {

  private static final String GIVEN =
      "CREATE TABLE document (id bigint PRIMARY KEY, embedding vector(384));";

  private static final Live LIVE =
      new Live(
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
                SET maintenance_work_mem in the same changeset, to what the graph needs, where the server has it: docs/lint/graph-exceeds-maintenance-memory.md
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

  private static String findings(String changeset) {
    return RuleHarness.findings(new GraphExceedsMaintenanceMemory(), LIVE, GIVEN, changeset);
  }
}
