package dev.sheaf.migration.lint.rule;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ForeignKeyTypeMismatchIT {

  private static final String GIVEN =
      "CREATE TABLE document (id bigint PRIMARY KEY, title text NOT NULL, note text);";

  @Test
  void anIntegerThatReferencesABigint() {
    assertThat(
            findings(
                "CREATE TABLE page (id bigint PRIMARY KEY, document_id integer REFERENCES document);"))
        .isEqualTo(
            """
            core/002_change.sql:3: warning: foreign-key-type-mismatch: public.page.page_document_id_fkey: integer references bigint
                CREATE TABLE page (id bigint PRIMARY KEY, document_id integer REFERENCES document)
                give the referencing column the type of the referenced column: docs/lint/foreign-key-type-mismatch.md
            """);
  }

  @Test
  void theSameType() {
    assertThat(
            findings(
                "CREATE TABLE page (id bigint PRIMARY KEY, document_id bigint REFERENCES document);"))
        .isEmpty();
  }

  private static String findings(String changeset) {
    return RuleHarness.findings(new ForeignKeyTypeMismatch(), GIVEN, changeset);
  }
}
