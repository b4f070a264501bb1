package dev.sheaf.migration.lint.rule;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class DroppedTableIT {

  private static final String GIVEN =
      "CREATE TABLE document (id bigint PRIMARY KEY, title text NOT NULL, note text);";

  @Test
  void aTableThatWasThere() {
    assertThat(findings("DROP TABLE document;"))
        .isEqualTo(
            """
            core/002_change.sql:3: error: dropped-table: public.document and its rows are dropped (ACCESS EXCLUSIVE)
                DROP TABLE document
                stop using the table in one release; in a later one, move it to the trash, from which it can be restored: docs/lint/dropped-table.md
            """);
  }

  @Test
  void aTableOfTheChangeset() {
    assertThat(
            findings(
                """
                CREATE TABLE draft (id bigint);
                DROP TABLE draft;
                """))
        .isEmpty();
  }

  private static String findings(String changeset) {
    return RuleHarness.findings(new DroppedTable(), GIVEN, changeset);
  }
}
