package dev.sheaf.migration.lint.rule;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ManyHeavyLocksIT {

  private static final String GIVEN =
      """
      CREATE TABLE document (id integer PRIMARY KEY, title text, size integer);
      CREATE TABLE page (id integer REFERENCES document);
      CREATE TABLE other (id integer PRIMARY KEY);
      """;

  @Test
  void twoTables() {
    assertThat(
            findings(
                """
                ALTER TABLE document ADD COLUMN a text;
                ALTER TABLE other ADD COLUMN a text;
                """))
        .isEqualTo(
            """
            core/002_change.sql:4: warning: many-heavy-locks: public.other is locked while public.document is still locked (ACCESS EXCLUSIVE)
                ALTER TABLE other ADD COLUMN a text
                change one table per changeset: docs/lint/many-heavy-locks.md
            """);
  }

  @Test
  void oneTableTwice() {
    assertThat(
            findings(
                """
                ALTER TABLE document ADD COLUMN a text;
                ALTER TABLE document ADD COLUMN b text;
                """))
        .isEmpty();
  }

  @Test
  void oneStatement() {
    assertThat(findings("ALTER TABLE page ADD FOREIGN KEY (id) REFERENCES other NOT VALID;"))
        .isEmpty();
  }

  @Test
  void nothingHeavy() {
    assertThat(
            findings(
                """
                COMMENT ON TABLE document IS 'x';
                COMMENT ON TABLE other IS 'y';
                """))
        .isEmpty();
  }

  private static String findings(String changeset) {
    return RuleHarness.findings(new ManyHeavyLocks(), GIVEN, changeset);
  }
}
