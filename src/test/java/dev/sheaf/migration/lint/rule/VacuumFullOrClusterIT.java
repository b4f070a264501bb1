package dev.sheaf.migration.lint.rule;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class VacuumFullOrClusterIT {

  private static final String GIVEN =
      """
      CREATE TABLE document (id integer PRIMARY KEY, title text, size integer);
      CREATE INDEX document_title_idx ON document (title);
      """;

  @Test
  void vacuumFull() {
    assertThat(outsideTransaction("VACUUM FULL document;"))
        .isEqualTo(
            """
            core/002_change.sql:3: error: vacuum-full-or-cluster: public.document is rewritten without a change (ACCESS EXCLUSIVE)
                VACUUM FULL document
                rely on autovacuum; compact a bloated table with pg_repack, outside of migrations: docs/lint/vacuum-full-or-cluster.md
            """);
  }

  @Test
  void cluster() {
    assertThat(findings("CLUSTER document USING document_title_idx;"))
        .isEqualTo(
            """
            core/002_change.sql:3: error: vacuum-full-or-cluster: public.document is rewritten without a change (ACCESS EXCLUSIVE)
                CLUSTER document USING document_title_idx
                rely on autovacuum; compact a bloated table with pg_repack, outside of migrations: docs/lint/vacuum-full-or-cluster.md
            """);
  }

  @Test
  void vacuum() {
    assertThat(outsideTransaction("VACUUM (ANALYZE) document;")).isEmpty();
  }

  @Test
  void aRewriteForAnotherReason() {
    assertThat(findings("ALTER TABLE document ALTER COLUMN size TYPE bigint;")).isEmpty();
  }

  private static String findings(String changeset) {
    return RuleHarness.findings(new VacuumFullOrCluster(), GIVEN, changeset);
  }

  private static String outsideTransaction(String changeset) {
    return RuleHarness.findingsOutsideTransaction(new VacuumFullOrCluster(), GIVEN, changeset);
  }
}
