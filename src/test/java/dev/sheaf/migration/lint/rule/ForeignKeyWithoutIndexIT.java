package dev.sheaf.migration.lint.rule;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ForeignKeyWithoutIndexIT {

  private static final String GIVEN =
      "CREATE TABLE document (id bigint PRIMARY KEY, title text NOT NULL, note text);";

  @Test
  void aReferenceThatNothingFinds() {
    assertThat(
            findings(
                "CREATE TABLE page (id bigint PRIMARY KEY, document_id bigint REFERENCES document);"))
        .isEqualTo(
            """
            core/002_change.sql:3: warning: foreign-key-without-index: no index begins with the columns of public.page.page_document_id_fkey
                CREATE TABLE page (id bigint PRIMARY KEY, document_id bigint REFERENCES document)
                create an index that begins with the referencing columns, CONCURRENTLY if the table is in use: docs/lint/foreign-key-without-index.md
            """);
  }

  @Test
  void aReferenceWithAnIndex() {
    assertThat(
            findings(
                """
                CREATE TABLE page (id bigint PRIMARY KEY, document_id bigint REFERENCES document);
                CREATE INDEX page_document_id_idx ON page (document_id, id);
                """))
        .isEmpty();
  }

  private static String findings(String changeset) {
    return RuleHarness.findings(new ForeignKeyWithoutIndex(), GIVEN, changeset);
  }
}
