package dev.sheaf.migration.lint.rule;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class IndexDropBlocksIT {

  private static final String GIVEN =
      """
      CREATE TABLE document (id integer PRIMARY KEY, title text, size integer);
      CREATE INDEX document_title_idx ON document (title);
      """;

  @Test
  void dropIndex() {
    assertThat(findings("DROP INDEX document_title_idx;"))
        .isEqualTo(
            """
            core/002_change.sql:3: error: index-drop-blocks: public.document is locked to drop an index (ACCESS EXCLUSIVE)
                DROP INDEX document_title_idx
                DROP INDEX CONCURRENTLY, in a changeset of its own with runInTransaction:false: docs/lint/index-drop-blocks.md
            """);
  }

  @Test
  void concurrently() {
    assertThat(outsideTransaction("DROP INDEX CONCURRENTLY document_title_idx;")).isEmpty();
  }

  @Test
  void withItsColumn() {
    assertThat(findings("ALTER TABLE document DROP COLUMN title;")).isEmpty();
  }

  @Test
  void withItsTable() {
    assertThat(findings("DROP TABLE document;")).isEmpty();
  }

  private static String findings(String changeset) {
    return RuleHarness.findings(new IndexDropBlocks(), GIVEN, changeset);
  }

  private static String outsideTransaction(String changeset) {
    return RuleHarness.findingsOutsideTransaction(new IndexDropBlocks(), GIVEN, changeset);
  }
}
