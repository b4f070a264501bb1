package dev.sheaf.migration.lint.rule;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RenamedColumnIT {

  private static final String GIVEN =
      "CREATE TABLE document (id bigint PRIMARY KEY, title text NOT NULL, note text);";

  @Test
  void aColumnThatWasThere() {
    assertThat(findings("ALTER TABLE document RENAME COLUMN note TO remark;"))
        .isEqualTo(
            """
            core/002_change.sql:3: error: renamed-column: public.document.note is renamed to remark (ACCESS EXCLUSIVE)
                ALTER TABLE document RENAME COLUMN note TO remark
                add a column with the new name, write both, run a backfill, read the new one, and drop the old one in a later release: docs/lint/renamed-column.md
            """);
  }

  @Test
  void aColumnOfTheChangeset() {
    assertThat(
            findings(
                """
                ALTER TABLE document ADD COLUMN remrk text;
                ALTER TABLE document RENAME COLUMN remrk TO remark;
                """))
        .isEmpty();
  }

  private static String findings(String changeset) {
    return RuleHarness.findings(new RenamedColumn(), GIVEN, changeset);
  }
}
