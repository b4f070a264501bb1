package dev.sheaf.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sheaf.testing.PostgresTestResource;
import io.agroal.api.AgroalDataSource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/// The time limits of sessions of the pool.
@QuarkusTest
@QuarkusTestResource(PostgresTestResource.class)
class SessionTimeoutsIT {

  private static final String USUAL =
      "statement_timeout=30s lock_timeout=10s idle_in_transaction_session_timeout=30s"
          + " client_connection_check_interval=1s";

  @Inject AgroalDataSource pool;

  @Test
  void aSessionHasItsOwnLimits() throws SQLException {
    String database;
    try (Connection connection = pool.getConnection()) {
      database = connection.getCatalog();
      alter(connection, database, "SET statement_timeout = '5s'");
      alter(connection, database, "SET idle_in_transaction_session_timeout = '5s'");
    }
    pool.flush(AgroalDataSource.FlushMode.ALL);
    try (Connection connection = pool.getConnection()) {
      assertThat(limits(connection)).isEqualTo(USUAL);
    } finally {
      try (Connection connection = pool.getConnection()) {
        alter(connection, database, "RESET ALL");
      }
    }
  }

  @Test
  void changedLimitsEndWithTheUseOfTheConnection() throws SQLException {
    int session;
    try (Connection connection = pool.getConnection()) {
      session = backend(connection);
      SessionTimeouts.allow(connection, Duration.ofMinutes(10), Duration.ofMinutes(1));
      assertThat(limits(connection)).startsWith("statement_timeout=10min lock_timeout=1min idle");
      assertThat(connection.getNetworkTimeout()).isEqualTo(605_000);
      SessionTimeouts.allowAnyTime(connection, Duration.ofMinutes(5));
      assertThat(limits(connection))
          .startsWith(
              "statement_timeout=0 lock_timeout=1min idle_in_transaction_session_timeout=5min");
      SessionTimeouts.remove(connection);
      assertThat(limits(connection))
          .startsWith("statement_timeout=0 lock_timeout=0 idle_in_transaction_session_timeout=0");
      assertThat(connection.getNetworkTimeout()).isZero();
    }
    // A pool gives the connection that was used last.
    try (Connection connection = pool.getConnection()) {
      assertThat(backend(connection)).isEqualTo(session);
      assertThat(limits(connection)).isEqualTo(USUAL);
      assertThat(connection.getNetworkTimeout()).isEqualTo(35_000);
    }
  }

  @Test
  void aLimitThatIsChangedInATransactionThatFailsEnds() throws SQLException {
    try (Connection connection = pool.getConnection()) {
      assertThatThrownBy(() ->
              Transactions.run(
                  connection,
                  same -> {
                    SessionTimeouts.allowAnyTime(same);
                    Sql.of("SELECT 1 / 0").isTrue(same);
                  }))
          .isInstanceOf(SQLException.class);
      assertThat(limits(connection)).isEqualTo(USUAL);
    }
  }

  private static void alter(Connection connection, String database, String change)
      throws SQLException {
    Sql.of("ALTER DATABASE %s %s".formatted(database, change)).update(connection);
  }

  private static int backend(Connection connection) throws SQLException {
    return Sql.of("SELECT pg_backend_pid()").first(connection, row -> row.getInt(1)).orElseThrow();
  }

  private static String limits(Connection connection) throws SQLException {
    return Sql.of(
            """
            SELECT string_agg(name || '=' || current_setting(name), ' ' ORDER BY n)
              FROM unnest(ARRAY['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout',
                                'client_connection_check_interval']) WITH ORDINALITY AS limits (name, n)
            """)
        .first(connection, row -> row.getString(1))
        .orElseThrow();
  }
}
