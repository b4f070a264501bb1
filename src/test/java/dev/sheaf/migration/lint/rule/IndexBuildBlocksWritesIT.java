package dev.sheaf.migration.lint.rule;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class IndexBuildBlocksWritesIT {

  private static final String GIVEN =
      """
      CREATE TABLE document (id integer PRIMARY KEY, title text, size integer);
      CREATE TABLE event (at date, what text) PARTITION BY RANGE (at);
      """;

  @Test
  void inATransaction() {
    assertThat(findings("CREATE INDEX document_title_idx ON document (title);"))
        .isEqualTo(
            """
            core/002_change.sql:3: error: index-build-blocks-writes: public.document is locked against writes while the index is built (SHARE)
                CREATE INDEX document_title_idx ON document (title)
                CREATE INDEX CONCURRENTLY, in a changeset of its own with runInTransaction:false: docs/lint/index-build-blocks-writes.md
            """);
  }

  @Test
  void outsideOfOne() {
    assertThat(outsideTransaction("CREATE INDEX document_title_idx ON document (title);"))
        .isEqualTo(
            """
            core/002_change.sql:3: error: index-build-blocks-writes: public.document is locked against writes while the index is built (SHARE)
                CREATE INDEX document_title_idx ON document (title)
                CREATE INDEX CONCURRENTLY, in a changeset of its own with runInTransaction:false: docs/lint/index-build-blocks-writes.md
            """);
  }

  @Test
  void onEveryPartition() {
    assertThat(findings("CREATE INDEX event_what_idx ON event (what);"))
        .isEqualTo(
            """
            core/002_change.sql:3: error: index-build-blocks-writes: public.event is locked against writes while the index is built (SHARE)
                CREATE INDEX event_what_idx ON event (what)
                CREATE INDEX CONCURRENTLY, in a changeset of its own with runInTransaction:false: docs/lint/index-build-blocks-writes.md
            """);
  }

  @Test
  void concurrently() {
    assertThat(
            outsideTransaction("CREATE INDEX CONCURRENTLY document_title_idx ON document (title);"))
        .isEmpty();
  }

  @Test
  void onNoPartition() {
    assertThat(findings("CREATE INDEX event_what_idx ON ONLY event (what);")).isEmpty();
  }

  @Test
  void onANewTable() {
    assertThat(
            findings(
                """
                CREATE TABLE page (id integer);
                CREATE INDEX page_id_idx ON page (id);
                """))
        .isEmpty();
  }

  private static String findings(String changeset) {
    return RuleHarness.findings(new IndexBuildBlocksWrites(), GIVEN, changeset);
  }

  private static String outsideTransaction(String changeset) {
    return RuleHarness.findingsOutsideTransaction(new IndexBuildBlocksWrites(), GIVEN, changeset);
  }
}
