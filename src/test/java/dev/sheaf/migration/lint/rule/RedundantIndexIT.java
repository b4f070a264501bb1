package dev.sheaf.migration.lint.rule;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RedundantIndexIT {

  private static final String GIVEN =
      """
      CREATE TABLE document (id bigint PRIMARY KEY, title text NOT NULL, note text);
      CREATE INDEX document_title_note_idx ON document (title, note);
      """;

  @Test
  void thePrefixOfAnother() {
    assertThat(findings("CREATE INDEX CONCURRENTLY document_title_idx ON document (title);"))
        .isEqualTo(
            """
            core/002_change.sql:3: warning: redundant-index: public.document_title_idx serves no query that public.document_title_note_idx does not serve
                CREATE INDEX CONCURRENTLY document_title_idx ON document (title)
                omit it; an index on (a, b) serves the same queries as an index on (a): docs/lint/redundant-index.md
            """);
  }

  @Test
  void anotherOrder() {
    assertThat(findings("CREATE INDEX CONCURRENTLY document_note_idx ON document (note, title);"))
        .isEmpty();
  }

  private static String findings(String changeset) {
    return RuleHarness.findingsOutsideTransaction(new RedundantIndex(), GIVEN, changeset);
  }
}
