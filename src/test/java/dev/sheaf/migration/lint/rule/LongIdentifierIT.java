package dev.sheaf.migration.lint.rule;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LongIdentifierIT {

  private static final String GIVEN =
      "CREATE TABLE document (id bigint PRIMARY KEY, title text NOT NULL, note text);";

  @Test
  void aNameThatIsCut() {
    assertThat(
            findings(
                "ALTER TABLE document ADD COLUMN number_of_times_that_somebody_has_read_it_from_beginning_to_the_end bigint;"))
        .isEqualTo(
            """
            core/002_change.sql:3: warning: long-identifier: identifier "number_of_times_that_somebody_has_read_it_from_beginning_to_the_end" will be truncated to "number_of_times_that_somebody_has_read_it_from_beginning_to_the"
                ALTER TABLE document ADD COLUMN number_of_times_that_somebody_has_read_it_from_beginning_to_the_e...
                choose a shorter name: docs/lint/long-identifier.md
            """);
  }

  @Test
  void aNameThatFits() {
    assertThat(
            findings(
                "ALTER TABLE document ADD COLUMN number_of_times_that_somebody_has_read_it_from_beginning_to_end bigint;"))
        .isEmpty();
  }

  private static String findings(String changeset) {
    return RuleHarness.findings(new LongIdentifier(), GIVEN, changeset);
  }
}
