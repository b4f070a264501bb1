package dev.sheaf.migration.lint.rule;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class DroppedFunctionIT {

  private static final String GIVEN =
      "CREATE FUNCTION twice(integer) RETURNS integer LANGUAGE sql AS 'SELECT 2 * $1';";

  @Test
  void aFunctionThatWasThere() {
    assertThat(findings("DROP FUNCTION twice(integer);"))
        .isEqualTo(
            """
            core/002_change.sql:3: error: dropped-function: public.twice(integer) is dropped
                DROP FUNCTION twice(integer)
                drop it one release after the last one that calls it: docs/lint/dropped-function.md
            """);
  }

  @Test
  void aFunctionThatIsReplaced() {
    assertThat(
            findings(
                """
                DROP FUNCTION twice(integer);
                CREATE FUNCTION twice(number integer) RETURNS integer LANGUAGE sql AS 'SELECT number + number';
                """))
        .isEmpty();
  }

  @Test
  void aFunctionThatReturnsAnotherType() {
    assertThat(
            findings(
                """
                DROP FUNCTION twice(integer);
                CREATE FUNCTION twice(integer) RETURNS text LANGUAGE sql AS 'SELECT (2 * $1)::text';
                """))
        .isEqualTo(
            """
            core/002_change.sql:3: error: dropped-function: public.twice(integer) is replaced by one that returns text instead of integer
                DROP FUNCTION twice(integer)
                drop it one release after the last one that calls it: docs/lint/dropped-function.md
            """);
  }

  private static String findings(String changeset) {
    return RuleHarness.findings(new DroppedFunction(), GIVEN, changeset);
  }
}
