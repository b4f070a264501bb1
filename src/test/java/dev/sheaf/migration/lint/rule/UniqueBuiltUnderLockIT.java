package dev.sheaf.migration.lint.rule;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class UniqueBuiltUnderLockIT {

  private static final String GIVEN =
      """
      CREATE TABLE document (id integer PRIMARY KEY, title text, size integer);
      CREATE TABLE room (during tsrange);
      CREATE UNIQUE INDEX document_size_key ON document (size);
      """;

  @Test
  void unique() {
    assertThat(
            findings(
                """
                ALTER TABLE document ADD CONSTRAINT document_title_key UNIQUE (title);
                """))
        .isEqualTo(
            """
            core/002_change.sql:3: error: unique-built-under-lock: public.document is locked while the index of the key is built (ACCESS EXCLUSIVE)
                ALTER TABLE document ADD CONSTRAINT document_title_key UNIQUE (title)
                CREATE UNIQUE INDEX CONCURRENTLY first, then ADD CONSTRAINT ... USING INDEX: docs/lint/unique-built-under-lock.md
            """);
  }

  @Test
  void exclusion() {
    assertThat(findings("ALTER TABLE room ADD EXCLUDE USING gist (during WITH &&);"))
        .isEqualTo(
            """
            core/002_change.sql:3: error: unique-built-under-lock: public.room is locked while the index of the key is built (ACCESS EXCLUSIVE)
                ALTER TABLE room ADD EXCLUDE USING gist (during WITH &&)
                CREATE UNIQUE INDEX CONCURRENTLY first, then ADD CONSTRAINT ... USING INDEX: docs/lint/unique-built-under-lock.md
            """);
  }

  @Test
  void usingAnIndex() {
    assertThat(
            findings(
                """
                ALTER TABLE document ADD CONSTRAINT document_size_key UNIQUE USING INDEX document_size_key;
                """))
        .isEmpty();
  }

  @Test
  void aNewTable() {
    assertThat(
            findings(
                """
                CREATE TABLE page (id integer PRIMARY KEY, name text);
                ALTER TABLE page ADD UNIQUE (name);
                """))
        .isEmpty();
  }

  private static String findings(String changeset) {
    return RuleHarness.findings(new UniqueBuiltUnderLock(), GIVEN, changeset);
  }
}
