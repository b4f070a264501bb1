package dev.sheaf.migration.lint.rule;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class EnumValueUsedInSameTransactionIT {

  private static final String GIVEN =
      """
      CREATE TYPE mood AS ENUM ('sad', 'ok');
      CREATE TABLE person (mood mood);
      """;

  @Test
  void used() {
    assertThat(
            findings(
                """
                ALTER TYPE mood ADD VALUE 'happy';
                ALTER TABLE person ALTER COLUMN mood SET DEFAULT 'happy';
                """))
        .isEqualTo(
            """
            core/002_change.sql:4: error: enum-value-used-in-same-transaction: unsafe use of new value "happy" of enum type mood
                ALTER TABLE person ALTER COLUMN mood SET DEFAULT 'happy'
                add the value in one changeset and use it in the next: docs/lint/enum-value-used-in-same-transaction.md
            """);
  }

  @Test
  void onlyAdded() {
    assertThat(
            findings(
                """
                ALTER TYPE mood ADD VALUE 'happy';
                ALTER TABLE person ALTER COLUMN mood SET DEFAULT 'ok';
                """))
        .isEmpty();
  }

  private static String findings(String changeset) {
    return RuleHarness.findings(new EnumValueUsedInSameTransaction(), GIVEN, changeset);
  }
}
