package dev.sheaf.migration.lint.rule;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RenamedTableIT {

  private static final String GIVEN =
      "CREATE TABLE document (id bigint PRIMARY KEY, title text NOT NULL, note text);";

  @Test
  void aTableThatWasThere() {
    assertThat(findings("ALTER TABLE document RENAME TO text;"))
        .isEqualTo(
            """
            core/002_change.sql:3: error: renamed-table: public.document is renamed to public.text (ACCESS EXCLUSIVE)
                ALTER TABLE document RENAME TO text
                create an updatable view with the old name in the same changeset, and drop it in a later release: docs/lint/renamed-table.md
            """);
  }

  @Test
  void aTableBehindAView() {
    assertThat(
            findings(
                """
                ALTER TABLE document RENAME TO text;
                CREATE VIEW document AS SELECT * FROM text;
                """))
        .isEmpty();
  }

  private static String findings(String changeset) {
    return RuleHarness.findings(new RenamedTable(), GIVEN, changeset);
  }
}
