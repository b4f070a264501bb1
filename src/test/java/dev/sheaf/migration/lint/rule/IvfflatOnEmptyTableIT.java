package dev.sheaf.migration.lint.rule;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class IvfflatOnEmptyTableIT {

  @Test
  void aTableWithoutRows() {
    assertThat(
            findings(
                """
                CREATE TABLE document (id bigint PRIMARY KEY, embedding vector(384));
                CREATE INDEX document_embedding_idx ON document USING ivfflat (embedding vector_cosine_ops);
                """))
        .isEqualTo(
            """
            core/002_change.sql:4: error: ivfflat-on-empty-table: public.document_embedding_idx is built while public.document is empty
                CREATE INDEX document_embedding_idx ON document USING ivfflat (embedding vector_cosine_ops)
                create it after the table is filled, or use hnsw, which needs no existing rows: docs/lint/ivfflat-on-empty-table.md
            """);
  }

  @Test
  void anIndexThatGrows() {
    assertThat(
            findings(
                """
                CREATE TABLE document (id bigint PRIMARY KEY, embedding vector(384));
                CREATE INDEX document_embedding_idx ON document USING hnsw (embedding vector_cosine_ops);
                """))
        .isEmpty();
  }

  private static String findings(String changeset) {
    return RuleHarness.findings(new IvfflatOnEmptyTable(), "", changeset);
  }
}
