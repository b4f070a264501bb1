package dev.sheaf.migration.lint.rule;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TransactionCommandIT {

  private static final String GIVEN =
      """
      CREATE TABLE document (id integer PRIMARY KEY, title text, size integer);
      """;

  @Test
  void commit() {
    assertThat(
            findings(
                """
                INSERT INTO document VALUES (7);
                COMMIT;
                INSERT INTO document VALUES (8);
                """))
        .isEqualTo(
            """
            core/002_change.sql:4: error: transaction-command: the statement begins or ends a transaction
                COMMIT
                remove it; put what must be committed separately into a changeset of its own: docs/lint/transaction-command.md
            """);
  }

  @Test
  void begin() {
    assertThat(
            findings(
                """
                BEGIN;
                INSERT INTO document VALUES (7);
                """))
        .isEqualTo(
            """
            core/002_change.sql:3: error: transaction-command: the statement begins or ends a transaction
                BEGIN
                remove it; put what must be committed separately into a changeset of its own: docs/lint/transaction-command.md
            """);
  }

  @Test
  void aProcedureThatCommits() {
    assertThat(
            outsideTransaction(
                """
                CREATE PROCEDURE done() LANGUAGE plpgsql AS $$ BEGIN COMMIT; END $$;
                BEGIN;
                """))
        .isEqualTo(
            """
            core/002_change.sql:4: error: transaction-command: the statement begins or ends a transaction
                BEGIN
                remove it; put what must be committed separately into a changeset of its own: docs/lint/transaction-command.md
            """);
  }

  @Test
  void none() {
    assertThat(findings("INSERT INTO document VALUES (7);")).isEmpty();
  }

  private static String findings(String changeset) {
    return RuleHarness.findings(new TransactionCommand(), GIVEN, changeset);
  }

  private static String outsideTransaction(String changeset) {
    return RuleHarness.findingsOutsideTransaction(new TransactionCommand(), GIVEN, changeset);
  }
}
