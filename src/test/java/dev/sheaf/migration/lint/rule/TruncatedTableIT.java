package dev.sheaf.migration.lint.rule;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TruncatedTableIT {

  private static final String GIVEN =
      """
      CREATE TABLE document (id integer PRIMARY KEY, title text, size integer);
      CREATE TABLE page (id integer REFERENCES document);
      CREATE TABLE other (id integer);
      """;

  @Test
  void cascade() {
    assertThat(findings("TRUNCATE document CASCADE;"))
        .isEqualTo(
            """
            core/002_change.sql:3: error: truncated-table: public.document is emptied (ACCESS EXCLUSIVE)
                TRUNCATE document CASCADE
                delete in batches with a backfill, or drop the table when nothing uses it any more: docs/lint/truncated-table.md
            core/002_change.sql:3: error: truncated-table: public.page is emptied (ACCESS EXCLUSIVE)
                TRUNCATE document CASCADE
                delete in batches with a backfill, or drop the table when nothing uses it any more: docs/lint/truncated-table.md
            """);
  }

  @Test
  void whatItMadeItself() {
    assertThat(
            findings(
                """
                CREATE TABLE mine (id integer);
                INSERT INTO mine VALUES (1);
                TRUNCATE mine;
                """))
        .isEmpty();
  }

  @Test
  void deletedRows() {
    assertThat(findings("DELETE FROM other;")).isEmpty();
  }

  private static String findings(String changeset) {
    return RuleHarness.findings(new TruncatedTable(), GIVEN, changeset);
  }
}
