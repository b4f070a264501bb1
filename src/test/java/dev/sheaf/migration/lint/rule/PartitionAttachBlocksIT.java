package dev.sheaf.migration.lint.rule;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PartitionAttachBlocksIT {

  private static final String GIVEN =
      """
      CREATE TABLE event (at integer, what text) PARTITION BY RANGE (at);
      CREATE TABLE event_0 PARTITION OF event FOR VALUES FROM (0) TO (100);
      CREATE TABLE loaded (at integer, what text);
      CREATE TABLE checked (at integer NOT NULL CHECK (at >= 200 AND at < 300), what text);
      CREATE TABLE fresh (at integer) PARTITION BY RANGE (at);
      """;

  @Test
  void partitionOf() {
    assertThat(
            findings(
                """
                CREATE TABLE event_1 PARTITION OF event FOR VALUES FROM (100) TO (200);
                """))
        .isEqualTo(
            """
            core/002_change.sql:3: error: partition-attach-blocks: public.event is locked to create a partition (ACCESS EXCLUSIVE)
                CREATE TABLE event_1 PARTITION OF event FOR VALUES FROM (100) TO (200)
                CREATE TABLE (LIKE parent), add a valid CHECK of the bounds, then ATTACH PARTITION: docs/lint/partition-attach-blocks.md
            """);
  }

  @Test
  void withoutACheck() {
    assertThat(
            findings(
                """
                ALTER TABLE event ATTACH PARTITION loaded FOR VALUES FROM (100) TO (200);
                """))
        .isEqualTo(
            """
            core/002_change.sql:3: error: partition-attach-blocks: public.loaded is scanned to attach a partition (ACCESS EXCLUSIVE)
                ALTER TABLE event ATTACH PARTITION loaded FOR VALUES FROM (100) TO (200)
                CREATE TABLE (LIKE parent), add a valid CHECK of the bounds, then ATTACH PARTITION: docs/lint/partition-attach-blocks.md
            """);
  }

  @Test
  void withACheck() {
    assertThat(
            findings(
                """
                ALTER TABLE event ATTACH PARTITION checked FOR VALUES FROM (200) TO (300);
                """))
        .isEmpty();
  }

  @Test
  void aNewTable() {
    assertThat(
            findings(
                """
                CREATE TABLE event_1 (LIKE event INCLUDING ALL);
                ALTER TABLE event ATTACH PARTITION event_1 FOR VALUES FROM (100) TO (200);
                """))
        .isEmpty();
  }

  private static String findings(String changeset) {
    return RuleHarness.findings(new PartitionAttachBlocks(), GIVEN, changeset);
  }
}
