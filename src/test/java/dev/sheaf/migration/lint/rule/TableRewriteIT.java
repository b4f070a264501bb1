package dev.sheaf.migration.lint.rule;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TableRewriteIT {

  private static final String GIVEN =
      """
      CREATE TABLE document (id integer PRIMARY KEY, title text, size integer);
      """;

  @Test
  void whatIsStoredOtherwise() {
    assertThat(
            findings(
                """
                ALTER TABLE document ALTER COLUMN size TYPE bigint;
                ALTER TABLE document ALTER COLUMN size TYPE bigint USING size + 1;
                ALTER TABLE document ADD COLUMN seen timestamptz DEFAULT clock_timestamp();
                ALTER TABLE document ADD COLUMN words tsvector GENERATED ALWAYS AS (to_tsvector('english', title)) STORED;
                ALTER TABLE document ADD COLUMN number bigint GENERATED ALWAYS AS IDENTITY;
                ALTER TABLE document SET UNLOGGED;
                ALTER TABLE document SET LOGGED;
                """))
        .isEqualTo(
            """
            core/002_change.sql:3: error: table-rewrite: public.document is rewritten (ACCESS EXCLUSIVE)
                ALTER TABLE document ALTER COLUMN size TYPE bigint
                add a new column without a default, fill it with a backfill, then swap the columns: docs/lint/table-rewrite.md
            core/002_change.sql:4: error: table-rewrite: public.document is rewritten (ACCESS EXCLUSIVE)
                ALTER TABLE document ALTER COLUMN size TYPE bigint USING size + 1
                add a new column without a default, fill it with a backfill, then swap the columns: docs/lint/table-rewrite.md
            core/002_change.sql:5: error: table-rewrite: public.document is rewritten (ACCESS EXCLUSIVE)
                ALTER TABLE document ADD COLUMN seen timestamptz DEFAULT clock_timestamp()
                add a new column without a default, fill it with a backfill, then swap the columns: docs/lint/table-rewrite.md
            core/002_change.sql:6: error: table-rewrite: public.document is rewritten (ACCESS EXCLUSIVE)
                ALTER TABLE document ADD COLUMN words tsvector GENERATED ALWAYS AS (to_tsvector('english', title)...
                add a new column without a default, fill it with a backfill, then swap the columns: docs/lint/table-rewrite.md
            core/002_change.sql:7: error: table-rewrite: public.document is rewritten (ACCESS EXCLUSIVE)
                ALTER TABLE document ADD COLUMN number bigint GENERATED ALWAYS AS IDENTITY
                add a new column without a default, fill it with a backfill, then swap the columns: docs/lint/table-rewrite.md
            core/002_change.sql:8: error: table-rewrite: public.document is rewritten (ACCESS EXCLUSIVE)
                ALTER TABLE document SET UNLOGGED
                add a new column without a default, fill it with a backfill, then swap the columns: docs/lint/table-rewrite.md
            core/002_change.sql:9: error: table-rewrite: public.document is rewritten (ACCESS EXCLUSIVE)
                ALTER TABLE document SET LOGGED
                add a new column without a default, fill it with a backfill, then swap the columns: docs/lint/table-rewrite.md
            """);
  }

  @Test
  void whatIsStoredTheSame() {
    assertThat(
            findings(
                """
                ALTER TABLE document ALTER COLUMN title TYPE varchar;
                ALTER TABLE document ADD COLUMN language text NOT NULL DEFAULT 'en', ADD COLUMN added timestamptz DEFAULT now();
                ALTER TABLE document SET (fillfactor = 80);
                ALTER TABLE document DROP COLUMN size;
                """))
        .isEmpty();
  }

  @Test
  void aTableOfItsOwn() {
    assertThat(
            findings(
                """
                CREATE TABLE page (id integer);
                ALTER TABLE page ALTER COLUMN id TYPE bigint;
                """))
        .isEmpty();
  }

  private static String findings(String changeset) {
    return RuleHarness.findings(new TableRewrite(), GIVEN, changeset);
  }
}
