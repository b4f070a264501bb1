package dev.sheaf.migration.lint.rule;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class UnusedAllowanceIT {

  private static final String GIVEN = "CREATE TABLE document (id integer PRIMARY KEY, title text);";

  @Test
  void nothingToAllow() {
    assertThat(
            RuleHarness.findings(
                GIVEN,
                """
                --allow table-rewrite: it is small
                --allow table-rewirte: it is small
                --allow set-not-null-scans public.chunk.title: another table
                ALTER TABLE document ALTER COLUMN title SET NOT NULL;
                """))
        .isEqualTo(
            """
            core/002_change.sql:3: error: unused-allowance: there is no finding of table-rewrite to allow
                remove the allowance, or correct its rule and object: docs/lint/unused-allowance.md
            core/002_change.sql:4: error: unused-allowance: there is no rule table-rewirte
                remove the allowance, or correct its rule and object: docs/lint/unused-allowance.md
            core/002_change.sql:5: error: unused-allowance: there is no finding of set-not-null-scans to allow
                remove the allowance, or correct its rule and object: docs/lint/unused-allowance.md
            core/002_change.sql:6: error: set-not-null-scans: public.document is scanned for SET NOT NULL (ACCESS EXCLUSIVE)
                ALTER TABLE document ALTER COLUMN title SET NOT NULL
                validate CHECK (column IS NOT NULL) first, in changesets of its own, then SET NOT NULL: docs/lint/set-not-null-scans.md
            """);
  }

  @Test
  void whatIsAllowedIsNotReported() {
    assertThat(
            RuleHarness.findings(
                GIVEN,
                """
                --allow set-not-null-scans public.document.title: it is small
                ALTER TABLE document ALTER COLUMN title SET NOT NULL;
                """))
        .isEmpty();
  }
}
