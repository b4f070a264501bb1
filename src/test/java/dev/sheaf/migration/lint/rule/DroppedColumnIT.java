package dev.sheaf.migration.lint.rule;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class DroppedColumnIT {

  private static final String GIVEN =
      "CREATE TABLE document (id bigint PRIMARY KEY, title text NOT NULL, note text);";

  @Test
  void aColumnThatWasThere() {
    assertThat(findings("ALTER TABLE document DROP COLUMN note;"))
        .isEqualTo(
            """
            core/002_change.sql:3: error: dropped-column: public.document.note and its values are dropped (ACCESS EXCLUSIVE)
                ALTER TABLE document DROP COLUMN note
                stop using the column in one release; in a later one, move it to the trash, from which it can be restored: docs/lint/dropped-column.md
            """);
  }

  @Test
  void aColumnOfTheChangeset() {
    assertThat(
            findings(
                """
                ALTER TABLE document ADD COLUMN draft text;
                ALTER TABLE document DROP COLUMN draft;
                """))
        .isEmpty();
  }

  private static String findings(String changeset) {
    return RuleHarness.findings(new DroppedColumn(), GIVEN, changeset);
  }
}
