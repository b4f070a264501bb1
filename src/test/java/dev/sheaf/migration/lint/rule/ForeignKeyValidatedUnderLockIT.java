package dev.sheaf.migration.lint.rule;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ForeignKeyValidatedUnderLockIT {

  private static final String GIVEN =
      """
      CREATE TABLE document (id integer PRIMARY KEY, title text, size integer);
      CREATE TABLE author (id integer PRIMARY KEY);
      """;

  @Test
  void validatedAtOnce() {
    assertThat(
            findings(
                """
                ALTER TABLE document ADD CONSTRAINT document_size_fkey FOREIGN KEY (size) REFERENCES author;
                """))
        .isEqualTo(
            """
            core/002_change.sql:3: error: foreign-key-validated-under-lock: public.document is scanned to validate document_size_fkey (SHARE ROW EXCLUSIVE)
                ALTER TABLE document ADD CONSTRAINT document_size_fkey FOREIGN KEY (size) REFERENCES author
                add it NOT VALID, and VALIDATE CONSTRAINT in a later changeset: docs/lint/foreign-key-validated-under-lock.md
            """);
  }

  @Test
  void notValid() {
    assertThat(
            findings(
                """
                ALTER TABLE document ADD CONSTRAINT document_size_fkey FOREIGN KEY (size) REFERENCES author NOT VALID;
                """))
        .isEmpty();
  }

  @Test
  void aNewColumn() {
    assertThat(findings("ALTER TABLE document ADD COLUMN author_id integer REFERENCES author;"))
        .isEmpty();
  }

  @Test
  void aNewTable() {
    assertThat(
            findings(
                """
                CREATE TABLE page (id integer REFERENCES document);
                ALTER TABLE page ADD FOREIGN KEY (id) REFERENCES author;
                """))
        .isEmpty();
  }

  private static String findings(String changeset) {
    return RuleHarness.findings(new ForeignKeyValidatedUnderLock(), GIVEN, changeset);
  }
}
