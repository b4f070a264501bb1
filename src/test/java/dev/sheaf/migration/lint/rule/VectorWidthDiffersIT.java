package dev.sheaf.migration.lint.rule;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class VectorWidthDiffersIT {

  @Test
  void aWidthThatNoModelMakes() {
    assertThat(findings("CREATE TABLE document (id bigint PRIMARY KEY, embedding vector(768));"))
        .isEqualTo(
            """
            core/002_change.sql:3: error: vector-width-differs: public.document.embedding is extensions.vector(768), but the configured models have 384 dimensions
                CREATE TABLE document (id bigint PRIMARY KEY, embedding vector(768))
                use the dimensions of a configured model: sheaf.embedding.openai.NAME.dimensions, or sheaf.schema.vector-widths: docs/lint/vector-width-differs.md
            """);
  }

  @Test
  void theWidthOfTheModel() {
    assertThat(findings("CREATE TABLE document (id bigint PRIMARY KEY, embedding vector(384));"))
        .isEmpty();
  }

  private static String findings(String changeset) {
    return RuleHarness.findings(new VectorWidthDiffers(), "", changeset);
  }
}
