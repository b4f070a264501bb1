package dev.sheaf.migration.lint.rule;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SmallIntegerKeyIT {

  @Test
  void anIntegerThatCounts() {
    assertThat(findings("CREATE TABLE page (id serial PRIMARY KEY);"))
        .isEqualTo(
            """
            core/002_change.sql:3: warning: small-integer-key: public.page.id is integer and a key
                CREATE TABLE page (id serial PRIMARY KEY)
                use bigint GENERATED ALWAYS AS IDENTITY, or uuid: docs/lint/small-integer-key.md
            """);
  }

  @Test
  void aBigintAndASmallPart() {
    assertThat(
            findings(
                """
                CREATE TABLE page (id bigint PRIMARY KEY);
                CREATE TABLE line (page_id bigint, place integer, PRIMARY KEY (page_id, place));
                """))
        .isEmpty();
  }

  private static String findings(String changeset) {
    return RuleHarness.findings(new SmallIntegerKey(), "", changeset);
  }
}
