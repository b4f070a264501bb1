package dev.sheaf.database;

import dev.sheaf.runtime.OperatorException;
import dev.sheaf.runtime.StartupFailure;
import io.agroal.api.AgroalDataSource;
import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.interceptor.Interceptor;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;
import org.eclipse.microprofile.config.Config;

/// Fails the start if there is a transaction pooler between the service and the database. Behind
/// one, each transaction may run in another session: locks of a session would stay with a session
/// that nobody knows, and its time limits would apply to others.
@ApplicationScoped
class PoolerGate {

  private final AgroalDataSource pool;
  private final Config settings;

  PoolerGate(AgroalDataSource pool, Config settings) {
    this.pool = pool;
    this.settings = settings;
  }

  void check(@Observes @Priority(Interceptor.Priority.PLATFORM_BEFORE - 1) StartupEvent event) {
    StartupFailure.exitIfFails("database", this::requireSessions);
  }

  private void requireSessions() {
    boolean shared;
    try (Connection first = pool.getConnection();
        Connection second = pool.getConnection()) {
      shared = isShared(first, second);
    } catch (SQLException _) {
      // The database is unavailable; the checks of the schema report the reason.
      return;
    }
    if (shared) {
      throw new OperatorException(
          DatabaseAddress.configured(settings, Optional.empty()).server()
              + " is a transaction pooler, which does not support the locks and settings of sessions",
          "set DATABASE_URL to the server itself, or to a pooler with pool_mode=session");
    }
  }

  /// Whether two connections use the same session, or one connection uses two sessions. A pooler
  /// gives an idle session to whoever asks next.
  static boolean isShared(Connection first, Connection second) throws SQLException {
    int before = backend(first);
    return backend(second) == before || backend(first) != before;
  }

  private static int backend(Connection connection) throws SQLException {
    return Sql.of("SELECT pg_backend_pid()").first(connection, row -> row.getInt(1)).orElseThrow();
  }
}
