package dev.sheaf.migration.lint.rule;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SetNotNullScansIT {

  private static final String GIVEN =
      """
      CREATE TABLE document (id integer PRIMARY KEY, title text, size integer);
      ALTER TABLE document ADD CONSTRAINT size_given CHECK (size IS NOT NULL);
      CREATE DOMAIN code AS text;
      CREATE TABLE coupon (code code);
      CREATE TABLE event (at date, what text) PARTITION BY RANGE (at);
      """;

  @Test
  void withoutACheck() {
    assertThat(findings("ALTER TABLE document ALTER COLUMN title SET NOT NULL;"))
        .isEqualTo(
            """
            core/002_change.sql:3: error: set-not-null-scans: public.document is scanned for SET NOT NULL (ACCESS EXCLUSIVE)
                ALTER TABLE document ALTER COLUMN title SET NOT NULL
                validate CHECK (column IS NOT NULL) first, in changesets of its own, then SET NOT NULL: docs/lint/set-not-null-scans.md
            """);
  }

  @Test
  void aPartitionedTable() {
    assertThat(findings("ALTER TABLE event ALTER COLUMN what SET NOT NULL;"))
        .isEqualTo(
            """
            core/002_change.sql:3: error: set-not-null-scans: public.event is scanned for SET NOT NULL (ACCESS EXCLUSIVE)
                ALTER TABLE event ALTER COLUMN what SET NOT NULL
                validate CHECK (column IS NOT NULL) first, in changesets of its own, then SET NOT NULL: docs/lint/set-not-null-scans.md
            """);
  }

  @Test
  void withAValidCheck() {
    assertThat(findings("ALTER TABLE document ALTER COLUMN size SET NOT NULL;")).isEmpty();
  }

  @Test
  void aDomain() {
    assertThat(findings("ALTER DOMAIN code SET NOT NULL;"))
        .isEqualTo(
            """
            core/002_change.sql:3: error: set-not-null-scans: public.coupon is scanned for SET NOT NULL of domain public.code (SHARE)
                ALTER DOMAIN code SET NOT NULL
                validate CHECK (column IS NOT NULL) first, in changesets of its own, then SET NOT NULL: docs/lint/set-not-null-scans.md
            """);
    assertThat(findings("ALTER DOMAIN code DROP NOT NULL;")).isEmpty();
  }

  @Test
  void aNewTable() {
    assertThat(
            findings(
                """
                CREATE TABLE page (id integer);
                ALTER TABLE page ALTER COLUMN id SET NOT NULL;
                """))
        .isEmpty();
  }

  private static String findings(String changeset) {
    return RuleHarness.findings(new SetNotNullScans(), GIVEN, changeset);
  }
}
