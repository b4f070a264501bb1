package dev.sheaf.migration.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sheaf.migration.MigrationListener;
import dev.sheaf.migration.MigrationResult;
import dev.sheaf.migration.TestConfig;
import dev.sheaf.migration.changelog.Changelogs;
import dev.sheaf.migration.changelog.Modules;
import dev.sheaf.testing.TestDatabase;
import dev.sheaf.testing.TransactionPooler;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Migrations through a real pgbouncer, if one is installed.
class TransactionPoolerIT {

  @TempDir private Path directory;

  @Test
  void aTransactionPoolerIsDetectedWithoutTakingTheLock() throws Exception {
    assumeTrue(TransactionPooler.isInstalled(), "pgbouncer is not installed");
    try (TestDatabase database = TestDatabase.create();
        TransactionPooler pooler = TransactionPooler.start(directory, database.address())) {
      Changelogs changelogs = Changelogs.bundled();

      MigrationResult result =
          new Migrations(
                  pooler.address(),
                  TestConfig.schema(),
                  changelogs,
                  Modules.everything(changelogs),
                  false)
              .up(new MigrationListener() {});

      assertThat(result.problems())
          .singleElement()
          .satisfies(problem ->
              assertThat(problem)
                  .hasMessage(
                      "%s is a transaction pooler, which does not support session locks - set a direct"
                              .formatted(pooler.address().server())
                          + " address of the server for migrations: sheaf.schema.jdbc-url"));
      assertThat(advisoryLocks(database)).isEmpty();
    }
  }

  private static List<String> advisoryLocks(TestDatabase database) throws SQLException {
    return database.query(
        "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())");
  }
}
