package dev.sheaf.migration.lint.rule;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RenamedEnumValueIT {

  private static final String GIVEN = "CREATE TYPE state AS ENUM ('new', 'done');";

  @Test
  void aValueThatWasThere() {
    assertThat(findings("ALTER TYPE state RENAME VALUE 'done' TO 'finished';"))
        .isEqualTo(
            """
            core/002_change.sql:3: error: renamed-enum-value: value done of public.state is renamed to finished
                ALTER TYPE state RENAME VALUE 'done' TO 'finished'
                add the new value in one changeset, write it from the next release on, and update the old rows with a backfill: docs/lint/renamed-enum-value.md
            """);
  }

  @Test
  void aNewValue() {
    assertThat(findings("ALTER TYPE state ADD VALUE 'failed';")).isEmpty();
  }

  private static String findings(String changeset) {
    return RuleHarness.findings(new RenamedEnumValue(), GIVEN, changeset);
  }
}
