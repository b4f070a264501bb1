package dev.sheaf.migration.lint.rule;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PartitionDetachBlocksIT {

  private static final String GIVEN =
      """
      CREATE TABLE event (at integer, what text) PARTITION BY RANGE (at);
      CREATE TABLE event_0 PARTITION OF event FOR VALUES FROM (0) TO (100);
      CREATE TABLE loaded (at integer, what text);
      CREATE TABLE checked (at integer NOT NULL CHECK (at >= 200 AND at < 300), what text);
      CREATE TABLE fresh (at integer) PARTITION BY RANGE (at);
      """;

  @Test
  void detach() {
    assertThat(findings("ALTER TABLE event DETACH PARTITION event_0;"))
        .isEqualTo(
            """
            core/002_change.sql:3: error: partition-detach-blocks: public.event is locked to detach a partition (ACCESS EXCLUSIVE)
                ALTER TABLE event DETACH PARTITION event_0
                DETACH PARTITION ... CONCURRENTLY, in a changeset of its own with runInTransaction:false: docs/lint/partition-detach-blocks.md
            """);
  }

  @Test
  void drop() {
    assertThat(findings("DROP TABLE event_0;"))
        .isEqualTo(
            """
            core/002_change.sql:3: error: partition-detach-blocks: public.event is locked to detach a partition (ACCESS EXCLUSIVE)
                DROP TABLE event_0
                DETACH PARTITION ... CONCURRENTLY, in a changeset of its own with runInTransaction:false: docs/lint/partition-detach-blocks.md
            """);
  }

  @Test
  void concurrently() {
    assertThat(outsideTransaction("ALTER TABLE event DETACH PARTITION event_0 CONCURRENTLY;"))
        .isEmpty();
  }

  @Test
  void withTheWholeTable() {
    assertThat(findings("DROP TABLE event;")).isEmpty();
  }

  private static String findings(String changeset) {
    return RuleHarness.findings(new PartitionDetachBlocks(), GIVEN, changeset);
  }

  private static String outsideTransaction(String changeset) {
    return RuleHarness.findingsOutsideTransaction(new PartitionDetachBlocks(), GIVEN, changeset);
  }
}
