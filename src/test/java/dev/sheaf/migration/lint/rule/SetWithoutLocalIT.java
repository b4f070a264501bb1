package dev.sheaf.migration.lint.rule;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SetWithoutLocalIT {

  @Test
  void settingsThatWouldOutliveTheChangeset() {
    assertThat(
            findings(
                """
                SET LOCAL work_mem = '1MB';
                SET session_replication_role = replica;
                SET TIME ZONE 'Asia/Tokyo';
                SELECT pg_catalog.set_config('search_path', 'public', false);
                SET SESSION AUTHORIZATION DEFAULT;
                """))
        .isEqualTo(
            """
            core/002_change.sql:4: warning: set-without-local: set without LOCAL, and reset after the changeset: session_replication_role, time zone, search_path
                SET session_replication_role = replica
                write SET LOCAL, in each changeset that needs the setting: docs/lint/set-without-local.md
            """);
  }

  @Test
  void settingsThatEndWithTheChangeset() {
    assertThat(
            findings(
                """
                SET LOCAL lock_timeout = '1s';
                SELECT set_config('search_path', 'public', true);
                SET work_mem = '1MB'; RESET work_mem;
                SET SESSION statement_timeout = 0; SET statement_timeout TO DEFAULT;
                SET standard_conforming_strings = on;
                SET CONSTRAINTS ALL IMMEDIATE;
                CREATE FUNCTION f() RETURNS int LANGUAGE sql SET work_mem = '1MB' AS 'SELECT 1';
                """))
        .isEmpty();
    assertThat(
            RuleHarness.findingsOutsideTransaction(
                new SetWithoutLocal(), "", "SET work_mem = '1MB';"))
        .isEmpty();
  }

  private static String findings(String changeset) {
    return RuleHarness.findings(new SetWithoutLocal(), "", changeset);
  }
}
