package dev.sheaf.migration.lint.rule;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class UnusedOperatorClassIT {

  private static final String GIVEN =
      "CREATE TABLE document (id bigint PRIMARY KEY, embedding vector(384));";

  @Test
  void aDistanceThatNobodyUses() {
    assertThat(
            findings(
                "CREATE INDEX document_embedding_idx ON document USING hnsw (embedding vector_l1_ops);"))
        .isEqualTo(
            """
            core/002_change.sql:3: warning: unused-operator-class: public.document_embedding_idx is built for vector_l1_ops, which no search uses
                CREATE INDEX document_embedding_idx ON document USING hnsw (embedding vector_l1_ops)
                use the operator class of the search's metric: cosine, l2 or ip for vector or halfvec, or bit_hamming_ops: docs/lint/unused-operator-class.md
            """);
  }

  @Test
  void aDistanceThatIsSearchedBy() {
    assertThat(
            findings(
                "CREATE INDEX document_embedding_idx ON document USING hnsw (embedding vector_cosine_ops);"))
        .isEmpty();
  }

  private static String findings(String changeset) {
    return RuleHarness.findings(new UnusedOperatorClass(), GIVEN, changeset);
  }
}
