package dev.sheaf.migration.lint.rule;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class WholeTableWriteIT {

  private static final String GIVEN =
      """
      CREATE TABLE document (id integer PRIMARY KEY, title text, size integer);
      CREATE TABLE setting (one boolean PRIMARY KEY DEFAULT true CHECK (one), value text);
      """;

  @Test
  void update() {
    assertThat(findings("UPDATE document SET title = 'none';"))
        .isEqualTo(
            """
            core/002_change.sql:3: error: whole-table-write: every row of public.document is updated or deleted (ROW EXCLUSIVE)
                UPDATE document SET title = 'none'
                declare a backfill, which writes in small batches: docs/lint/whole-table-write.md
            """);
  }

  @Test
  void delete() {
    assertThat(findings("DELETE FROM document WHERE id > 0;"))
        .isEqualTo(
            """
            core/002_change.sql:3: error: whole-table-write: every row of public.document is updated or deleted (ROW EXCLUSIVE)
                DELETE FROM document WHERE id > 0
                declare a backfill, which writes in small batches: docs/lint/whole-table-write.md
            """);
  }

  @Test
  void inABlock() {
    assertThat(findings("DO $$ BEGIN UPDATE document SET title = 'none'; END $$;"))
        .isEqualTo(
            """
            core/002_change.sql:3: error: whole-table-write: every row of public.document is updated or deleted (ROW EXCLUSIVE)
                DO $$ BEGIN UPDATE document SET title = 'none'; END $$
                declare a backfill, which writes in small batches: docs/lint/whole-table-write.md
            """);
  }

  @Test
  void oneRow() {
    assertThat(
            findings(
                """
                UPDATE document SET title = 'none' WHERE id = (SELECT min(id) FROM document);
                """))
        .isEmpty();
  }

  @Test
  void theOnlyRow() {
    assertThat(findings("UPDATE setting SET value = 'x';")).isEmpty();
  }

  @Test
  void itsOwnTable() {
    assertThat(
            findings(
                """
                CREATE TABLE page AS SELECT * FROM document;
                UPDATE page SET title = '';
                """))
        .isEmpty();
  }

  private static String findings(String changeset) {
    return RuleHarness.findings(new WholeTableWrite(), GIVEN, changeset);
  }
}
