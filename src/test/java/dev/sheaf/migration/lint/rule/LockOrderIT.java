package dev.sheaf.migration.lint.rule;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LockOrderIT {

  private static final String GIVEN =
      """
      CREATE TABLE document (id integer PRIMARY KEY, title text, size integer);
      CREATE TABLE page (id integer REFERENCES document);
      CREATE TABLE other (id integer PRIMARY KEY);
      """;

  @Test
  void strongerLater() {
    assertThat(
            findings(
                """
                CREATE INDEX ON document (title);
                ALTER TABLE document ADD COLUMN a text;
                """))
        .isEqualTo(
            """
            core/002_change.sql:4: warning: lock-order: public.document has the lock SHARE and gets a stronger one (ACCESS EXCLUSIVE)
                ALTER TABLE document ADD COLUMN a text
                take the strongest lock first, and lock a referencing table before the table that it references: docs/lint/lock-order.md
            """);
  }

  @Test
  void afterWriting() {
    assertThat(
            findings(
                """
                UPDATE document SET title = '' WHERE id = (SELECT min(id) FROM document);
                ALTER TABLE document ADD COLUMN a text;
                """))
        .isEqualTo(
            """
            core/002_change.sql:4: warning: lock-order: public.document has the lock ROW EXCLUSIVE and gets a stronger one (ACCESS EXCLUSIVE)
                ALTER TABLE document ADD COLUMN a text
                take the strongest lock first, and lock a referencing table before the table that it references: docs/lint/lock-order.md
            """);
  }

  @Test
  void strongestFirst() {
    assertThat(
            findings(
                """
                ALTER TABLE document ADD COLUMN a text;
                CREATE INDEX ON document (title);
                UPDATE document SET title = '';
                """))
        .isEmpty();
  }

  @Test
  void referencedFirst() {
    assertThat(
            findings(
                """
                ALTER TABLE document ADD COLUMN a text;
                ALTER TABLE page ADD COLUMN a text;
                """))
        .isEqualTo(
            """
            core/002_change.sql:4: warning: lock-order: public.page is locked after public.document, which it references (ACCESS EXCLUSIVE)
                ALTER TABLE page ADD COLUMN a text
                take the strongest lock first, and lock a referencing table before the table that it references: docs/lint/lock-order.md
            """);
  }

  @Test
  void referencingFirst() {
    assertThat(
            findings(
                """
                ALTER TABLE page ADD COLUMN a text;
                ALTER TABLE document ADD COLUMN a text;
                """))
        .isEmpty();
  }

  private static String findings(String changeset) {
    return RuleHarness.findings(new LockOrder(), GIVEN, changeset);
  }
}
