package dev.sheaf.migration.lint.rule;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class DroppedSchemaIT {

  private static final String GIVEN = "CREATE SCHEMA archive;";

  @Test
  void aSchemaThatWasThere() {
    assertThat(findings("DROP SCHEMA archive;"))
        .isEqualTo(
            """
            core/002_change.sql:3: error: dropped-schema: schema archive is dropped
                DROP SCHEMA archive
                remove its objects one by one, each one release after the last one that uses it: docs/lint/dropped-schema.md
            """);
  }

  @Test
  void aSchemaOfTheChangeset() {
    assertThat(
            findings(
                """
                CREATE SCHEMA work;
                DROP SCHEMA work;
                """))
        .isEmpty();
  }

  private static String findings(String changeset) {
    return RuleHarness.findings(new DroppedSchema(), GIVEN, changeset);
  }
}
