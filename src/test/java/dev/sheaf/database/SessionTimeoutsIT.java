package dev.sheaf.database;

import static dev.sheaf.testing.Patience.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.sheaf.testing.InProcess;
import dev.sheaf.testing.PostgresTestResource;
import io.agroal.api.AgroalDataSource;
import io.quarkus.narayana.jta.QuarkusTransaction;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import org.eclipse.microprofile.config.Config;
import org.junit.jupiter.api.Test;

/// The time limits of sessions of the pool.
@InProcess
@QuarkusTest
@QuarkusTestResource(PostgresTestResource.class)
class SessionTimeoutsIT {

  private static final String USUAL =
      "statement_timeout=30s lock_timeout=10s idle_in_transaction_session_timeout=30s"
          + " client_connection_check_interval=1s";

  @Inject AgroalDataSource pool;
  @Inject SessionTimeouts timeouts;
  @Inject NetworkTimeouts networkTimeouts;
  @Inject Config settings;

  @Test
  void aSessionHasItsOwnLimits() throws SQLException {
    try (Connection session =
        DatabaseAddress.configured(settings, Optional.empty()).open("sheaf test")) {
      // As a role or a database brings them.
      Sql.of("SET statement_timeout = '5s'").update(session);
      Sql.of("SET idle_in_transaction_session_timeout = '5s'").update(session);

      timeouts.onConnectionCreate(session);

      assertThat(limits(session)).isEqualTo(USUAL);
    }
  }

  /// The first request to cancel comes while the connection is idle, and has no effect.
  @Test
  void aStatementThatBeginsAfterItsCancellationEnds() throws SQLException {
    try (Cancellation cancellation = Cancellation.begin(_ -> {});
        Connection connection = pool.getConnection()) {
      SessionTimeouts.remove(connection);
      Thread.startVirtualThread(cancellation::cancel);
      await().until(cancellation::isCancelled);

      SQLException failure =
          catchThrowableOfType(
              SQLException.class, () -> Sql.of("SELECT true FROM pg_sleep(60)").isTrue(connection));

      assertThat(SqlStates.of(failure)).isEqualTo(SqlStates.QUERY_CANCELED);
    }
  }

  @Test
  void changedLimitsEndWithTheUseOfTheConnection() {
    await()
        .until(() -> {
          int session;
          try (Connection connection = pool.getConnection()) {
            session = backend(connection);
            SessionTimeouts.allow(connection, Duration.ofMinutes(10), Duration.ofMinutes(1));
            assertThat(limits(connection))
                .startsWith("statement_timeout=10min lock_timeout=1min idle");
            assertThat(connection.getNetworkTimeout()).isEqualTo(605_000);
            SessionTimeouts.allowAnyTime(connection, Duration.ofMinutes(5));
            assertThat(limits(connection))
                .startsWith(
                    "statement_timeout=0 lock_timeout=1min idle_in_transaction_session_timeout=5min");
            SessionTimeouts.remove(connection);
            assertThat(limits(connection))
                .startsWith(
                    "statement_timeout=0 lock_timeout=0 idle_in_transaction_session_timeout=0");
            assertThat(connection.getNetworkTimeout()).isZero();
          }
          // A pool gives the connection that was used last, unless a background worker took it.
          try (Connection connection = pool.getConnection()) {
            assertThat(limits(connection)).isEqualTo(USUAL);
            assertThat(connection.getNetworkTimeout()).isEqualTo(35_000);
            return backend(connection) == session;
          }
        });
  }

  @Test
  void aLateAnswerFailsAsAfterANetworkTimeout() throws SQLException {
    Duration time = Duration.ofMillis(100);
    SQLException timeout;
    try (Connection connection = pool.getConnection()) {
      NetworkTimeouts.allow(connection, time);
      timeout = failure(connection);
    }
    SQLException late;
    try (Connection connection = pool.getConnection();
        NetworkTimeouts.Deadline _ = networkTimeouts.within(connection, time)) {
      assertThat(connection.getNetworkTimeout()).isZero();
      late = failure(connection);
    }

    assertThat(late.getSQLState()).isEqualTo(timeout.getSQLState());
    assertThat(DatabaseFailure.isOutage(late)).isTrue();
  }

  private static SQLException failure(Connection connection) {
    return catchThrowableOfType(
        SQLException.class, () -> Sql.of("SELECT true FROM pg_sleep(60)").isTrue(connection));
  }

  @Test
  void aDeadlineEndsWithTheUseOfTheConnection() throws SQLException {
    try (Connection connection = pool.getConnection()) {
      networkTimeouts.within(connection, Duration.ZERO).close();
      networkTimeouts.closeLate();

      assertThat(Sql.of("SELECT true").isTrue(connection)).isTrue();
      assertThat(connection.getNetworkTimeout()).isEqualTo(35_000);

      NetworkTimeouts.Deadline over = networkTimeouts.within(connection, Duration.ZERO);
      networkTimeouts.closeLate();
      over.close();

      assertThat(DatabaseFailure.isOutage(failure(connection))).isTrue();
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

  /// As for reading a document, which needs one snapshot.
  @Test
  void aTransactionBeginsWithItsOwnStatement() {
    await()
        .until(() -> {
          int session;
          try (Connection connection = pool.getConnection()) {
            session = backend(connection);
            SessionTimeouts.remove(connection);
          }
          // A background worker may have taken the connection.
          return QuarkusTransaction.requiringNew()
              .call(() -> {
                try (Connection connection = pool.getConnection()) {
                  Sql.of("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ").update(connection);
                  assertThat(limits(connection)).isEqualTo(USUAL);
                  return backend(connection) == session;
                }
              });
        });
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
