package dev.sheaf.migration.lint.rule;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class AddedNotNullColumnIT {

  private static final String GIVEN =
      "CREATE TABLE document (id bigint PRIMARY KEY, title text NOT NULL, note text);";

  @Test
  void aColumnThatNobodyFills() {
    assertThat(findings("ALTER TABLE document ADD COLUMN language text NOT NULL;"))
        .isEqualTo(
            """
            core/002_change.sql:3: error: added-not-null-column: public.document.language is new, NOT NULL and without a default (ACCESS EXCLUSIVE)
                ALTER TABLE document ADD COLUMN language text NOT NULL
                give it a constant default, which is instant; or add it nullable, run a backfill, and SET NOT NULL later: docs/lint/added-not-null-column.md
            """);
  }

  @Test
  void aColumnWithADefault() {
    assertThat(findings("ALTER TABLE document ADD COLUMN language text NOT NULL DEFAULT 'en';"))
        .isEmpty();
  }

  private static String findings(String changeset) {
    return RuleHarness.findings(new AddedNotNullColumn(), GIVEN, changeset);
  }
}
