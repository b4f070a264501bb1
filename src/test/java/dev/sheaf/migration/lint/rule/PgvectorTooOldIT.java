package dev.sheaf.migration.lint.rule;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sheaf.migration.lint.TargetDatabase;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PgvectorTooOldIT {

  private static final String GIVEN =
      "CREATE TABLE document (id bigint PRIMARY KEY, embedding vector(384));";

  private static final TargetDatabase LIVE =
      new TargetDatabase(Map.of(), Map.of(), Map.of("vector", "0.8.0"));

  @Test
  void aParallelBuildThatIsNotSafe() {
    assertThat(
            findings(
                "CREATE INDEX document_embedding_idx ON document USING hnsw (embedding vector_cosine_ops);"))
        .isEqualTo(
            """
            core/002_change.sql:3: warning: pgvector-too-old: public.document_embedding_idx: a safe parallel build (CVE-2026-3172) needs pgvector 0.8.2, but the target has 0.8.0
                CREATE INDEX document_embedding_idx ON document USING hnsw (embedding vector_cosine_ops)
                update pgvector first: ALTER EXTENSION vector UPDATE; or build without parallel workers: SET max_parallel_maintenance_workers = 0: docs/lint/pgvector-too-old.md
            """);
  }

  @Test
  void aSerialBuild() {
    assertThat(
            findings(
                """
                SET LOCAL max_parallel_maintenance_workers = 0;
                CREATE INDEX document_embedding_idx ON document USING hnsw (embedding vector_cosine_ops);
                """))
        .isEmpty();
  }

  private static String findings(String changeset) {
    return RuleHarness.findings(new PgvectorTooOld(), LIVE, GIVEN, changeset);
  }
}
