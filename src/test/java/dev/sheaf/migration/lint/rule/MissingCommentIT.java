package dev.sheaf.migration.lint.rule;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class MissingCommentIT {

  @Test
  void aTableWithout() {
    assertThat(findings("CREATE TABLE document (id bigint PRIMARY KEY);"))
        .isEqualTo(
            """
            core/002_change.sql:3: warning: missing-comment: public.document is new and has no comment
                CREATE TABLE document (id bigint PRIMARY KEY)
                describe a row in one sentence: COMMENT ON TABLE ... IS '...': docs/lint/missing-comment.md
            """);
  }

  @Test
  void aTableWith() {
    assertThat(
            findings(
                """
                CREATE TABLE document (id bigint PRIMARY KEY);
                COMMENT ON TABLE document IS 'What is searched';
                """))
        .isEmpty();
  }

  private static String findings(String changeset) {
    return RuleHarness.findings(new MissingComment(), "", changeset);
  }
}
