package dev.sheaf.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sheaf.testing.DatabaseExtension;
import dev.sheaf.testing.SheafProcess;
import dev.sheaf.testing.TestDatabase;
import dev.sheaf.testing.TransactionPooler;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/// The service behind a transaction pooler.
@ExtendWith(DatabaseExtension.class)
class PoolerGateIT {

  @TempDir private Path directory;

  @Test
  void connectionsThatShareASessionAreDetected(TestDatabase database) throws SQLException {
    try (Connection first = database.connect();
        Connection second = database.connect()) {
      assertThat(PoolerGate.isShared(first, second)).isFalse();
      assertThat(PoolerGate.isShared(first, first)).isTrue();
    }
  }

  /// Migrations have a direct address.
  @Test
  void theServiceDoesNotStartBehindATransactionPooler(TestDatabase database) throws Exception {
    assumeTrue(TransactionPooler.isInstalled(), "pgbouncer is not installed");
    try (TransactionPooler pooler = TransactionPooler.start(directory, database.address())) {
      assertThatThrownBy(() ->
              SheafProcess.start(
                      TestDatabase.at(pooler.address()),
                      Map.of("SHEAF_SCHEMA_JDBC_URL", database.address().jdbcUrl()))
                  .close())
          .hasRootCauseMessage("the process ended")
          .hasMessageContaining(
              "database: %s is a transaction pooler, which does not support the locks and settings of sessions - set DATABASE_URL"
                  .formatted(pooler.address().server()));
    }
  }
}
