package dev.sheaf.migration.lint.rule;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ReindexBlocksIT {

  private static final String GIVEN =
      """
      CREATE TABLE document (id integer PRIMARY KEY, title text, size integer);
      CREATE INDEX document_title_idx ON document (title);
      """;

  @Test
  void reindexIndex() {
    assertThat(findings("REINDEX INDEX document_title_idx;"))
        .isEqualTo(
            """
            core/002_change.sql:3: error: reindex-blocks: public.document is locked against writes while the index is rebuilt (SHARE)
                REINDEX INDEX document_title_idx
                REINDEX CONCURRENTLY, in a changeset of its own with runInTransaction:false: docs/lint/reindex-blocks.md
            """);
  }

  @Test
  void reindexSchema() {
    assertThat(outsideTransaction("REINDEX SCHEMA public;"))
        .isEqualTo(
            """
            core/002_change.sql:3: error: reindex-blocks: public.document is locked against writes while the index is rebuilt (SHARE)
                REINDEX SCHEMA public
                REINDEX CONCURRENTLY, in a changeset of its own with runInTransaction:false: docs/lint/reindex-blocks.md
            core/002_change.sql:3: error: reindex-blocks: public.document is locked against writes while the index is rebuilt (SHARE)
                REINDEX SCHEMA public
                REINDEX CONCURRENTLY, in a changeset of its own with runInTransaction:false: docs/lint/reindex-blocks.md
            """);
  }

  @Test
  void concurrently() {
    assertThat(outsideTransaction("REINDEX TABLE CONCURRENTLY document;")).isEmpty();
  }

  @Test
  void aRewrittenTable() {
    assertThat(findings("ALTER TABLE document ALTER COLUMN size TYPE bigint;")).isEmpty();
  }

  private static String findings(String changeset) {
    return RuleHarness.findings(new ReindexBlocks(), GIVEN, changeset);
  }

  private static String outsideTransaction(String changeset) {
    return RuleHarness.findingsOutsideTransaction(new ReindexBlocks(), GIVEN, changeset);
  }
}
