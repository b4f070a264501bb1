package dev.sheaf.migration.lint.rule;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.testing.TestDatabase;
import java.util.List;
import org.junit.jupiter.api.Test;

class ClusterWideStatementIT {

  private static final String GIVEN = "CREATE TABLE document (id integer PRIMARY KEY, title text);";

  @Test
  void statementsThatChangeTheServerAreReportedAndNotRun() throws Exception {
    try (TestDatabase database = TestDatabase.create()) {
      String name = TestDatabase.freshName();
      String changeset =
          """
          ALTER SYSTEM SET work_mem = '1MB';
          CREATE DATABASE %1$s;
          CREATE ROLE %1$s NOLOGIN;
          GRANT pg_read_all_data TO %1$s;
          ALTER DATABASE postgres SET search_path = nowhere;
          GRANT CONNECT ON DATABASE postgres TO %1$s;
          COMMENT ON ROLE %1$s IS 'x';
          DO $$ BEGIN CREATE ROLE %1$s; END $$;
          DROP ROLE %1$s;
          """
              .formatted(name);
      Observation observation = RuleHarness.observe(GIVEN, " runInTransaction:false", changeset);

      assertThat(observation.failure()).isNull();
      assertThat(new ClusterWideStatement().judge(observation).map(Finding::line))
          .containsExactly(3, 4, 5, 6, 7, 8, 9, 10, 11);
      assertThat(
              database.query(
                  """
                  SELECT rolname FROM pg_roles WHERE rolname = '%1$s'
                   UNION ALL SELECT datname FROM pg_database WHERE datname = '%1$s'
                   UNION ALL SELECT name FROM pg_file_settings
                              WHERE sourcefile LIKE '%%auto.conf' AND name = 'work_mem'
                   UNION ALL SELECT setconfig::text FROM pg_db_role_setting WHERE setconfig::text LIKE '%%nowhere%%'
                  """
                      .formatted(name)))
          .isEqualTo(List.of());
    }
  }

  @Test
  void bad() {
    assertThat(RuleHarness.findings(new ClusterWideStatement(), GIVEN, "CREATE ROLE app NOLOGIN;"))
        .isEqualTo(
            """
            core/002_change.sql:3: error: cluster-wide-statement: the statement changes the whole server and was not run
                CREATE ROLE app NOLOGIN
                create roles, databases and settings when the server is set up, outside of the changelogs: docs/lint/cluster-wide-statement.md
            """);
  }

  @Test
  void good() {
    assertThat(
            RuleHarness.findings(
                new ClusterWideStatement(),
                GIVEN,
                """
                GRANT SELECT ON document TO PUBLIC;
                ALTER TABLE document ADD COLUMN role text DEFAULT 'CREATE ROLE app';
                COMMENT ON TABLE document IS 'ALTER SYSTEM';
                DO $$ BEGIN PERFORM 1; END $$;
                """))
        .isEmpty();
  }
}
