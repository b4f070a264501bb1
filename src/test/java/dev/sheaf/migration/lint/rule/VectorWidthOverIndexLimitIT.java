package dev.sheaf.migration.lint.rule;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class VectorWidthOverIndexLimitIT {

  private static final String GIVEN =
      "CREATE TABLE document (id bigint PRIMARY KEY, embedding vector(3072));";

  @Test
  void anIndexThatFails() {
    assertThat(
            findings(
                "CREATE INDEX document_embedding_idx ON document USING hnsw (embedding vector_cosine_ops);"))
        .isEqualTo(
            """
            core/002_change.sql:3: error: vector-width-over-index-limit: column cannot have more than 2000 dimensions for hnsw index
                CREATE INDEX document_embedding_idx ON document USING hnsw (embedding vector_cosine_ops)
                index a cast: ((embedding::halfvec(n)) halfvec_cosine_ops), or binary_quantize(embedding)::bit(n): docs/lint/vector-width-over-index-limit.md
            """);
  }

  @Test
  void anIndexOverACast() {
    assertThat(
            findings(
                "CREATE INDEX document_embedding_idx ON document USING hnsw ((embedding::halfvec(3072)) halfvec_cosine_ops);"))
        .isEmpty();
  }

  private static String findings(String changeset) {
    return RuleHarness.findings(new VectorWidthOverIndexLimit(), GIVEN, changeset);
  }
}
