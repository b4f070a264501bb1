package dev.sheaf.migration.lint.rule;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ChangesetFailsIT {

  private static final String GIVEN =
      """
      CREATE TABLE document (id integer PRIMARY KEY, title text, size integer);
      CREATE TABLE event (at integer) PARTITION BY HASH (at);
      """;

  @Test
  void aStatement() {
    assertThat(
            findings(
                """
                ALTER TABLE document ADD COLUMN a text;
                ALTER TABLE document ADD COLUMN title text;
                """))
        .isEqualTo(
            """
            core/002_change.sql:4: error: changeset-fails: column "title" of relation "document" already exists (42701)
                ALTER TABLE document ADD COLUMN title text
                correct the statement; the rows of the scratch database are sample rows, its schema is the real one: docs/lint/changeset-fails.md
            """);
  }

  @Test
  void theCommit() {
    assertThat(
            findings(
                """
                CREATE TABLE page (id integer REFERENCES document DEFERRABLE INITIALLY DEFERRED);
                INSERT INTO page VALUES (0);
                """))
        .isEqualTo(
            """
            core/002_change.sql:4: error: changeset-fails: insert or update on table "page" violates foreign key constraint "page_id_fkey" (23503)
                INSERT INTO page VALUES (0)
                correct the statement; the rows of the scratch database are sample rows, its schema is the real one: docs/lint/changeset-fails.md
            """);
  }

  @Test
  void aVectorIndexOfAColumnWithoutDimensions() {
    String failure =
        """
        core/002_change.sql:4: error: changeset-fails: column does not have dimensions (22023)
            CREATE INDEX %svector_idx ON page USING hnsw (v vector_l2_ops)
        """;

    assertThat(
            findings(
                "CREATE TABLE page (v vector);\nCREATE INDEX vector_idx ON page USING hnsw (v vector_l2_ops);"))
        .startsWith(failure.formatted(""));
    assertThat(
            outsideTransaction(
                "CREATE TABLE page (v vector);\nCREATE INDEX CONCURRENTLY vector_idx ON page USING hnsw (v vector_l2_ops);"))
        .startsWith(failure.formatted("CONCURRENTLY "));
    assertThat(
            RuleHarness.allFindingsOutsideTransaction(
                GIVEN + "CREATE TABLE page (v vector); INSERT INTO page VALUES ('[1,2,3]');",
                "CREATE INDEX CONCURRENTLY vector_idx ON page USING hnsw (v vector_l2_ops);"))
        .contains("changeset-fails: column does not have dimensions")
        .doesNotContain("already exists", "truncated-table");
  }

  @Test
  void rowsThatWereMadeUp() {
    assertThat(
            findings(
                """
                ALTER TABLE document ADD CHECK (size < 0);
                ALTER TABLE document ALTER COLUMN title TYPE integer USING title::integer;
                """))
        .isEmpty();
  }

  @Test
  void rowsThatWereMadeUpOutsideOfATransaction() {
    assertThat(
            outsideTransaction("CREATE UNIQUE INDEX CONCURRENTLY document_key ON document ((1));"))
        .isEmpty();
  }

  @Test
  void partitionsThatStandIn() {
    assertThat(
            findings(
                """
                CREATE TABLE event_0 PARTITION OF event FOR VALUES WITH (MODULUS 2, REMAINDER 0);
                """))
        .isEmpty();
  }

  @Test
  void none() {
    assertThat(findings("ALTER TABLE document ADD COLUMN a text;")).isEmpty();
  }

  private static String findings(String changeset) {
    return RuleHarness.findings(new ChangesetFails(), GIVEN, changeset);
  }

  private static String outsideTransaction(String changeset) {
    return RuleHarness.findingsOutsideTransaction(new ChangesetFails(), GIVEN, changeset);
  }
}
