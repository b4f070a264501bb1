package dev.sheaf.migration.lint.rule;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class DroppedViewIT {

  private static final String GIVEN =
      """
      CREATE TABLE document (id bigint PRIMARY KEY, title text NOT NULL, note text);
      CREATE VIEW title AS SELECT id, title FROM document;
      """;

  @Test
  void aViewThatWasThere() {
    assertThat(findings("DROP VIEW title;"))
        .isEqualTo(
            """
            core/002_change.sql:3: error: dropped-view: public.title is dropped
                DROP VIEW title
                drop it one release after the last one that reads it: docs/lint/dropped-view.md
            """);
  }

  @Test
  void aViewThatIsReplaced() {
    assertThat(
            findings(
                """
                DROP VIEW title;
                CREATE VIEW title AS SELECT id, title, note FROM document;
                """))
        .isEmpty();
  }

  private static String findings(String changeset) {
    return RuleHarness.findings(new DroppedView(), GIVEN, changeset);
  }
}
