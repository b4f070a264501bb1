package dev.sheaf.migration.lint.rule;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class DroppedNotNullIT {

  private static final String GIVEN =
      "CREATE TABLE document (id bigint PRIMARY KEY, title text NOT NULL, note text);";

  @Test
  void aColumnThatWasNeverNull() {
    assertThat(findings("ALTER TABLE document ALTER COLUMN title DROP NOT NULL;"))
        .isEqualTo(
            """
            core/002_change.sql:3: warning: dropped-not-null: public.document.title becomes nullable (ACCESS EXCLUSIVE)
                ALTER TABLE document ALTER COLUMN title DROP NOT NULL
                release a version that handles null first, then drop the constraint: docs/lint/dropped-not-null.md
            """);
  }

  @Test
  void aColumnOfTheChangeset() {
    assertThat(
            findings(
                """
                ALTER TABLE document ADD COLUMN size bigint NOT NULL DEFAULT 0;
                ALTER TABLE document ALTER COLUMN size DROP NOT NULL;
                """))
        .isEmpty();
  }

  private static String findings(String changeset) {
    return RuleHarness.findings(new DroppedNotNull(), GIVEN, changeset);
  }
}
