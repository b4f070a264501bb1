package dev.sheaf.migration.lint.rule;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class VarcharLimitIT {

  private static final String GIVEN =
      "CREATE TABLE document (id bigint PRIMARY KEY, code varchar(10));";

  @Test
  void aNewLimit() {
    assertThat(findings("ALTER TABLE document ADD COLUMN title varchar(100);"))
        .isEqualTo(
            """
            core/002_change.sql:3: warning: varchar-limit: public.document.title is character varying(100)
                ALTER TABLE document ADD COLUMN title varchar(100)
                use text, with a CHECK (length(...) <= n) NOT VALID if the limit is required: docs/lint/varchar-limit.md
            """);
  }

  @Test
  void aLimitThatIsRaised() {
    assertThat(findings("ALTER TABLE document ALTER COLUMN code TYPE varchar(20);")).isEmpty();
  }

  private static String findings(String changeset) {
    return RuleHarness.findings(new VarcharLimit(), GIVEN, changeset);
  }
}
