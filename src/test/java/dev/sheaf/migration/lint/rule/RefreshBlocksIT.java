package dev.sheaf.migration.lint.rule;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RefreshBlocksIT {

  private static final String GIVEN =
      """
      CREATE TABLE sale (id bigint PRIMARY KEY, total bigint);
      CREATE MATERIALIZED VIEW turnover AS SELECT 1 AS id, sum(total) AS total FROM sale;
      CREATE UNIQUE INDEX turnover_id_idx ON turnover (id);
      """;

  @Test
  void readersWait() {
    assertThat(findings("REFRESH MATERIALIZED VIEW turnover;"))
        .isEqualTo(
            """
            core/002_change.sql:3: error: refresh-blocks: public.turnover is refreshed under a lock that blocks reads (ACCESS EXCLUSIVE)
                REFRESH MATERIALIZED VIEW turnover
                REFRESH MATERIALIZED VIEW CONCURRENTLY, which requires a unique index on it: docs/lint/refresh-blocks.md
            """);
  }

  @Test
  void readersGoOn() {
    assertThat(findings("REFRESH MATERIALIZED VIEW CONCURRENTLY turnover;")).isEmpty();
  }

  private static String findings(String changeset) {
    return RuleHarness.findings(new RefreshBlocks(), GIVEN, changeset);
  }
}
