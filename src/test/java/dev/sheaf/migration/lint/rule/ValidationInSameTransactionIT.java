package dev.sheaf.migration.lint.rule;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ValidationInSameTransactionIT {

  private static final String GIVEN =
      """
      CREATE TABLE document (id integer PRIMARY KEY, title text, size integer);
      CREATE TABLE author (id integer PRIMARY KEY);
      ALTER TABLE document ADD CONSTRAINT document_size_check CHECK (size > 0) NOT VALID;
      """;

  @Test
  void addedByTheSameChangeset() {
    assertThat(
            findings(
                """
                ALTER TABLE document ADD CONSTRAINT title_check CHECK (title <> '') NOT VALID;
                ALTER TABLE document VALIDATE CONSTRAINT title_check;
                """))
        .isEqualTo(
            """
            core/002_change.sql:4: error: validation-in-same-transaction: public.document is scanned under an earlier lock (ACCESS EXCLUSIVE)
                ALTER TABLE document VALIDATE CONSTRAINT title_check
                validate in a changeset of its own: docs/lint/validation-in-same-transaction.md
            """);
  }

  @Test
  void afterAnotherChangeOfTheTable() {
    assertThat(
            findings(
                """
                ALTER TABLE document ADD COLUMN language text;
                ALTER TABLE document VALIDATE CONSTRAINT document_size_check;
                """))
        .isEqualTo(
            """
            core/002_change.sql:4: error: validation-in-same-transaction: public.document is scanned under an earlier lock (ACCESS EXCLUSIVE)
                ALTER TABLE document VALIDATE CONSTRAINT document_size_check
                validate in a changeset of its own: docs/lint/validation-in-same-transaction.md
            """);
  }

  @Test
  void aForeignKey() {
    assertThat(
            findings(
                """
                ALTER TABLE document ADD CONSTRAINT size_fkey FOREIGN KEY (size) REFERENCES author NOT VALID;
                ALTER TABLE document VALIDATE CONSTRAINT size_fkey;
                """))
        .isEqualTo(
            """
            core/002_change.sql:4: error: validation-in-same-transaction: public.document is scanned under an earlier lock (SHARE ROW EXCLUSIVE)
                ALTER TABLE document VALIDATE CONSTRAINT size_fkey
                validate in a changeset of its own: docs/lint/validation-in-same-transaction.md
            """);
  }

  @Test
  void onItsOwn() {
    assertThat(findings("ALTER TABLE document VALIDATE CONSTRAINT document_size_check;")).isEmpty();
  }

  private static String findings(String changeset) {
    return RuleHarness.findings(new ValidationInSameTransaction(), GIVEN, changeset);
  }
}
