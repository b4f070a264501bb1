package dev.sheaf.schema.check;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TableRewriteIT {

  private static final String DOCUMENT =
      "CREATE TABLE document (id integer PRIMARY KEY, title text, size integer);";

  @Test
  void aTypeThatIsStoredOtherwise() {
    assertThat(findings("ALTER TABLE document ALTER COLUMN size TYPE bigint;"))
        .isEqualTo(
            """
            core/002_change.sql:3: error: table-rewrite: public.document is rewritten (ACCESS EXCLUSIVE)
                ALTER TABLE document ALTER COLUMN size TYPE bigint
                add a new column without a default, fill it with a backfill, then swap the two: docs/lint/table-rewrite.md
            """);
  }

  @Test
  void aTypeThatIsStoredTheSame() {
    assertThat(findings("ALTER TABLE document ALTER COLUMN title TYPE varchar;")).isEmpty();
  }

  private static String findings(String changeset) {
    return RuleHarness.findings(new TableRewrite(), DOCUMENT, changeset);
  }
}
