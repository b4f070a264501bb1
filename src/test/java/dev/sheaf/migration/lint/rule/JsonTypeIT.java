package dev.sheaf.migration.lint.rule;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class JsonTypeIT {

  private static final String GIVEN =
      "CREATE TABLE document (id bigint PRIMARY KEY, title text NOT NULL, note text);";

  @Test
  void jsonAsText() {
    assertThat(findings("ALTER TABLE document ADD COLUMN metadata json;"))
        .isEqualTo(
            """
            core/002_change.sql:3: warning: json-type: public.document.metadata is json
                ALTER TABLE document ADD COLUMN metadata json
                use jsonb: docs/lint/json-type.md
            """);
  }

  @Test
  void jsonAsItIsMeant() {
    assertThat(findings("ALTER TABLE document ADD COLUMN metadata jsonb;")).isEmpty();
  }

  private static String findings(String changeset) {
    return RuleHarness.findings(new JsonType(), GIVEN, changeset);
  }
}
