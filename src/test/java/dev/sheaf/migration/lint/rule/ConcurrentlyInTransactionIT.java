package dev.sheaf.migration.lint.rule;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ConcurrentlyInTransactionIT {

  private static final String GIVEN =
      """
      CREATE TABLE document (id integer PRIMARY KEY, title text, size integer);
      """;

  @Test
  void createIndex() {
    assertThat(findings("CREATE INDEX CONCURRENTLY document_title_idx ON document (title);"))
        .isEqualTo(
            """
            core/002_change.sql:3: error: concurrently-in-transaction: CREATE INDEX CONCURRENTLY cannot run inside a transaction block
                CREATE INDEX CONCURRENTLY document_title_idx ON document (title)
                write runInTransaction:false on the --changeset line, one such statement per file: docs/lint/concurrently-in-transaction.md
            """);
  }

  @Test
  void vacuum() {
    assertThat(findings("VACUUM document;"))
        .isEqualTo(
            """
            core/002_change.sql:3: error: concurrently-in-transaction: VACUUM cannot run inside a transaction block
                VACUUM document
                write runInTransaction:false on the --changeset line, one such statement per file: docs/lint/concurrently-in-transaction.md
            """);
  }

  @Test
  void outsideOfOne() {
    assertThat(
            outsideTransaction("CREATE INDEX CONCURRENTLY document_title_idx ON document (title);"))
        .isEmpty();
  }

  private static String findings(String changeset) {
    return RuleHarness.findings(new ConcurrentlyInTransaction(), GIVEN, changeset);
  }

  private static String outsideTransaction(String changeset) {
    return RuleHarness.findingsOutsideTransaction(
        new ConcurrentlyInTransaction(), GIVEN, changeset);
  }
}
