package dev.sheaf.migration.lint.rule;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RenamedSchemaIT {

  private static final String GIVEN = "CREATE SCHEMA archive;";

  @Test
  void aSchemaThatWasThere() {
    assertThat(findings("ALTER SCHEMA archive RENAME TO attic;"))
        .isEqualTo(
            """
            core/002_change.sql:3: error: renamed-schema: schema archive is renamed to attic
                ALTER SCHEMA archive RENAME TO attic
                create the new schema, move the tables one by one, and keep views under the old names: docs/lint/renamed-schema.md
            """);
  }

  @Test
  void aSchemaOfTheChangeset() {
    assertThat(
            findings(
                """
                CREATE SCHEMA tmp;
                ALTER SCHEMA tmp RENAME TO attic;
                """))
        .isEmpty();
  }

  private static String findings(String changeset) {
    return RuleHarness.findings(new RenamedSchema(), GIVEN, changeset);
  }
}
