package dev.sheaf.migration.execute;

import dev.sheaf.database.AdvisoryLock;
import dev.sheaf.database.DatabaseAddress;
import dev.sheaf.database.ReadOnlyMode;
import dev.sheaf.database.SqlErrorMessage;
import dev.sheaf.migration.MigrationConfig;
import dev.sheaf.migration.MigrationListener;
import dev.sheaf.runtime.Durations;
import dev.sheaf.runtime.OperatorException;
import dev.sheaf.runtime.ProcessIdentity;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The engine's connection to a database, on which it reads the schema, holds the [SchemaLock] and
/// writes its tables. Changesets run in another session.
public final class SchemaSession implements AutoCloseable {

  private final DatabaseAddress address;
  private final Connection connection;
  private final MigrationConfig config;
  private @Nullable ChangesetSession changesets;

  private SchemaSession(DatabaseAddress address, Connection connection, MigrationConfig config) {
    this.address = address;
    this.connection = connection;
    this.config = config;
  }

  public static SchemaSession open(DatabaseAddress address, MigrationConfig config) {
    return new SchemaSession(address, address.open("sheaf " + ProcessIdentity.NAME), config);
  }

  /// Work in a session.
  public interface Look<T> {
    T at(SchemaSession session) throws SQLException;
  }

  /// Reads the schema in a new session.
  ///
  /// @throws OperatorException if that fails
  public static <T> T look(DatabaseAddress address, MigrationConfig config, Look<T> look) {
    try (SchemaSession session = open(address, config)) {
      return look.at(session);
    } catch (SQLException e) {
      throw SqlErrorMessage.running(address, "reading the schema", e);
    }
  }

  public Connection connection() {
    return connection;
  }

  public DatabaseAddress address() {
    return address;
  }

  /// The session in which changesets run; opened on first use.
  public ChangesetSession changesets() throws SQLException {
    if (changesets == null) {
      changesets = ChangesetSession.open(address, config, connection);
    }
    return changesets;
  }

  /// Waits until this session holds the lock, or it is not needed any more.
  ///
  /// @param settled queried before each attempt; `true` ends the wait
  /// @return the lock; empty if `settled` returned `true`
  /// @throws OperatorException if another session holds it for longer than
  ///   `sheaf.schema.lock-wait`, or the address is that of a transaction pooler
  public Optional<AdvisoryLock> lock(MigrationListener listener, Settled settled)
      throws SQLException {
    long deadline = System.nanoTime() + config.lockWait().toNanos();
    boolean told = false;
    boolean checked = false;
    while (!settled.get()) {
      if (!checked) {
        // Before the lock is taken: a pooler would keep it for whoever comes next.
        refuseTransactionPooler();
        ChangesetSession.applySettings(connection);
        ReadOnlyMode.requireWritable(connection);
        checked = true;
      }
      Optional<AdvisoryLock> lock = SchemaLock.tryAcquire(connection);
      if (lock.isPresent()) {
        return lock;
      }
      if (!told || System.nanoTime() > deadline) {
        String holder =
            SchemaLock.holder(connection).map(Object::toString).orElse("another session");
        if (System.nanoTime() > deadline) {
          throw new OperatorException(
              "the schema is locked by " + holder,
              "it was not released within "
                  + Durations.text(config.lockWait())
                  + "; raise sheaf.schema.lock-wait, or end that session");
        }
        listener.waiting(holder);
        told = true;
      }
      sleep(config.lockPoll());
    }
    return Optional.empty();
  }

  /// A reason to stop waiting for the lock.
  public interface Settled {
    boolean get() throws SQLException;
  }

  /// A transaction pooler shares a server connection, and its locks, between clients: a second
  /// client gets the same connection while the first is idle.
  private void refuseTransactionPooler() throws SQLException {
    if (backend(changesets().connection()) == backend(connection)) {
      throw new OperatorException(
          address.server() + " is a transaction pooler, which does not support session locks",
          "set a direct address of the server for migrations: sheaf.schema.jdbc-url");
    }
  }

  private static int backend(Connection connection) throws SQLException {
    try (Statement select = connection.createStatement();
        ResultSet row = select.executeQuery("SELECT pg_backend_pid()")) {
      row.next();
      return row.getInt(1);
    }
  }

  static void sleep(Duration pause) {
    try {
      Thread.sleep(pause);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new OperatorException(
          "interrupted while waiting for the schema lock", "run it again", e);
    }
  }

  @Override
  public void close() {
    try (connection) {
      if (changesets != null) {
        changesets.close();
      }
    } catch (SQLException _) {
      // Closing is all that was wanted of it; the server ends the session either way.
    }
  }
}
