package dev.sheaf.migration.lint.rule;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class IndexDroppedBeforeReplacementIT {

  private static final String GIVEN =
      """
      CREATE TABLE document (id bigint PRIMARY KEY, embedding vector(384));
      CREATE INDEX document_embedding_idx ON document USING hnsw (embedding vector_cosine_ops);
      """;

  @Test
  void theOnlyIndex() {
    assertThat(
            findings(
                """
                DROP INDEX CONCURRENTLY document_embedding_idx;
                CREATE INDEX CONCURRENTLY document_embedding_idx ON document USING hnsw (embedding vector_cosine_ops) WITH (m = 24);
                """))
        .isEqualTo(
            """
            core/002_change.sql:3: error: index-dropped-before-replacement: public.document_embedding_idx is dropped, and no other index serves embedding vector_cosine_ops
                DROP INDEX CONCURRENTLY document_embedding_idx
                create the new index CONCURRENTLY under another name, then drop the old one, then rename the new one: docs/lint/index-dropped-before-replacement.md
            """);
  }

  @Test
  void theReplacementFirst() {
    assertThat(
            findings(
                """
                CREATE INDEX CONCURRENTLY document_embedding_new_idx ON document USING hnsw (embedding vector_cosine_ops) WITH (m = 24);
                DROP INDEX CONCURRENTLY document_embedding_idx;
                """))
        .isEmpty();
  }

  private static String findings(String changeset) {
    return RuleHarness.findingsOutsideTransaction(
        new IndexDroppedBeforeReplacement(), GIVEN, changeset);
  }
}
