package dev.sheaf.migration.lint.rule;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ConstraintValidatedUnderLockIT {

  private static final String GIVEN =
      """
      CREATE TABLE document (id integer PRIMARY KEY, title text, size integer);
      CREATE DOMAIN percent AS integer;
      ALTER DOMAIN percent ADD CONSTRAINT percent_most CHECK (VALUE <= 100) NOT VALID;
      CREATE TABLE discount (share percent);
      """;

  @Test
  void validatedAtOnce() {
    assertThat(
            findings(
                """
                ALTER TABLE document ADD CONSTRAINT document_size_check CHECK (size > 0);
                """))
        .isEqualTo(
            """
            core/002_change.sql:3: error: constraint-validated-under-lock: public.document is scanned to validate document_size_check (ACCESS EXCLUSIVE)
                ALTER TABLE document ADD CONSTRAINT document_size_check CHECK (size > 0)
                add it NOT VALID, and VALIDATE CONSTRAINT in a later changeset: docs/lint/constraint-validated-under-lock.md
            """);
  }

  @Test
  void withItsColumn() {
    assertThat(findings("ALTER TABLE document ADD COLUMN pages integer CHECK (pages > 0);"))
        .isEqualTo(
            """
            core/002_change.sql:3: error: constraint-validated-under-lock: public.document is scanned to validate document_pages_check (ACCESS EXCLUSIVE)
                ALTER TABLE document ADD COLUMN pages integer CHECK (pages > 0)
                add it NOT VALID, and VALIDATE CONSTRAINT in a later changeset: docs/lint/constraint-validated-under-lock.md
            """);
  }

  @Test
  void ofADomain() {
    assertThat(findings("ALTER DOMAIN percent ADD CONSTRAINT percent_least CHECK (VALUE > 0);"))
        .isEqualTo(
            """
            core/002_change.sql:3: error: constraint-validated-under-lock: public.discount is scanned to validate percent_least of a domain (SHARE)
                ALTER DOMAIN percent ADD CONSTRAINT percent_least CHECK (VALUE > 0)
                add it NOT VALID, and VALIDATE CONSTRAINT in a later changeset: docs/lint/constraint-validated-under-lock.md
            """);
    assertThat(findings("ALTER DOMAIN percent VALIDATE CONSTRAINT percent_most;"))
        .isEqualTo(
            """
            core/002_change.sql:3: error: constraint-validated-under-lock: public.discount is scanned to validate percent_most of a domain (SHARE)
                ALTER DOMAIN percent VALIDATE CONSTRAINT percent_most
                add it NOT VALID, and VALIDATE CONSTRAINT in a later changeset: docs/lint/constraint-validated-under-lock.md
            """);
  }

  @Test
  void notValid() {
    assertThat(
            findings(
                """
                ALTER TABLE document ADD CONSTRAINT document_size_check CHECK (size > 0) NOT VALID;
                """))
        .isEmpty();
  }

  @Test
  void aNewTable() {
    assertThat(
            findings(
                """
                CREATE TABLE page (id integer CHECK (id > 0));
                ALTER TABLE page ADD CHECK (id < 9);
                """))
        .isEmpty();
  }

  private static String findings(String changeset) {
    return RuleHarness.findings(new ConstraintValidatedUnderLock(), GIVEN, changeset);
  }
}
