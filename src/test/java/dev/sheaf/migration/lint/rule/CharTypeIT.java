package dev.sheaf.migration.lint.rule;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class CharTypeIT {

  private static final String GIVEN =
      "CREATE TABLE document (id bigint PRIMARY KEY, title text NOT NULL, note text);";

  @Test
  void aPaddedText() {
    assertThat(findings("ALTER TABLE document ADD COLUMN language char(2);"))
        .isEqualTo(
            """
            core/002_change.sql:3: warning: char-type: public.document.language is character(2)
                ALTER TABLE document ADD COLUMN language char(2)
                use text, with a CHECK if the length matters: docs/lint/char-type.md
            """);
  }

  @Test
  void aText() {
    assertThat(
            findings(
                "ALTER TABLE document ADD COLUMN language text CONSTRAINT document_language_check CHECK (length(language) = 2);"))
        .isEmpty();
  }

  private static String findings(String changeset) {
    return RuleHarness.findings(new CharType(), GIVEN, changeset);
  }
}
