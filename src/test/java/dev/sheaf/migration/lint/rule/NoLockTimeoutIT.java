package dev.sheaf.migration.lint.rule;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class NoLockTimeoutIT {

  private static final String GIVEN =
      """
      CREATE TABLE document (id integer PRIMARY KEY, title text, size integer);
      """;

  @Test
  void switchedOff() {
    assertThat(
            findings(
                """
                SET LOCAL lock_timeout = 0;
                ALTER TABLE document ADD COLUMN language text;
                """))
        .isEqualTo(
            """
            core/002_change.sql:4: error: no-lock-timeout: public.document is locked while lock_timeout is 0 (ACCESS EXCLUSIVE)
                ALTER TABLE document ADD COLUMN language text
                write --lock-timeout 3s, or keep the default; a changeset that does not get its lock is retried: docs/lint/no-lock-timeout.md
            """);
  }

  @Test
  void switchedOffInTheFile() {
    assertThat(
            findings(
                """
                --lock-timeout 0
                ALTER TABLE document ADD COLUMN language text;
                """))
        .isEqualTo(
            """
            core/002_change.sql:4: error: no-lock-timeout: public.document is locked while lock_timeout is 0 (ACCESS EXCLUSIVE)
                ALTER TABLE document ADD COLUMN language text
                write --lock-timeout 3s, or keep the default; a changeset that does not get its lock is retried: docs/lint/no-lock-timeout.md
            """);
  }

  @Test
  void vacuumFull() {
    assertThat(
            outsideTransaction(
                """
                --lock-timeout 0
                VACUUM FULL document;
                """))
        .isEqualTo(
            """
            core/002_change.sql:4: error: no-lock-timeout: public.document is locked while lock_timeout is 0 (ACCESS EXCLUSIVE)
                VACUUM FULL document
                write --lock-timeout 3s, or keep the default; a changeset that does not get its lock is retried: docs/lint/no-lock-timeout.md
            """);
  }

  @Test
  void theDefault() {
    assertThat(findings("ALTER TABLE document ADD COLUMN language text;")).isEmpty();
  }

  @Test
  void nobodyWaits() {
    assertThat(
            outsideTransaction(
                """
                --lock-timeout 0
                CREATE INDEX CONCURRENTLY document_title_idx ON document (title);
                """))
        .isEmpty();
  }

  private static String findings(String changeset) {
    return RuleHarness.findings(new NoLockTimeout(), GIVEN, changeset);
  }

  private static String outsideTransaction(String changeset) {
    return RuleHarness.findingsOutsideTransaction(new NoLockTimeout(), GIVEN, changeset);
  }
}
