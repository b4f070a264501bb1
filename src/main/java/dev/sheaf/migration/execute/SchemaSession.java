package dev.sheaf.migration.execute;

import dev.sheaf.database.AdvisoryLock;
import dev.sheaf.database.DatabaseAddress;
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

/// A connection of its own to one database, on which the schema is looked at and, once locked,
/// changed.
public final class SchemaSession implements AutoCloseable {

  private final DatabaseAddress address;
  private final Connection connection;
  private final MigrationConfig config;

  private SchemaSession(DatabaseAddress address, Connection connection, MigrationConfig config) {
    this.address = address;
    this.connection = connection;
    this.config = config;
  }

  public static SchemaSession open(DatabaseAddress address, MigrationConfig config) {
    return new SchemaSession(address, address.open("sheaf " + ProcessIdentity.NAME), config);
  }

  /// Work in a session that may fail in SQL.
  public interface Look<T> {
    T at(SchemaSession session) throws SQLException;
  }

  /// Looks at the schema, in a session of its own.
  ///
  /// @throws OperatorException when it cannot
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

  /// Waits until this session holds the lock, or there is no longer a reason to want it.
  ///
  /// @param settled looked at before each try; true ends the waiting
  /// @return the lock; empty when `settled` became true
  /// @throws OperatorException when another holds it for longer than `sheaf.schema.lock-wait`, or
  ///   when locks do not hold because of a transaction pooler
  public Optional<AdvisoryLock> lock(MigrationListener listener, Settled settled)
      throws SQLException {
    long deadline = System.nanoTime() + config.lockWait().toNanos();
    boolean told = false;
    boolean checked = false;
    while (!settled.get()) {
      if (!checked) {
        // Before the lock is taken: a pooler would keep it for whoever comes next.
        refuseTransactionPooler();
        checked = true;
      }
      Optional<AdvisoryLock> lock = SchemaLock.tryAcquire(connection);
      if (lock.isPresent()) {
        AdvisoryLock.noticeDeath(connection);
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

  /// Whether the wait for the lock is over for another reason.
  public interface Settled {
    boolean get() throws SQLException;
  }

  /// Behind a transaction pooler a session is whatever server connection is free: a second client
  /// that comes while the first is idle gets the very same one, lock and all.
  private void refuseTransactionPooler() throws SQLException {
    try (Connection second = address.open("sheaf " + ProcessIdentity.NAME + " pooler check")) {
      if (backend(second) == backend(connection)) {
        throw new OperatorException(
            address.server() + " is a transaction pooler, which does not support session locks",
            "set a direct address of the server for migrations: sheaf.schema.jdbc-url");
      }
    }
  }

  private static int backend(Connection connection) throws SQLException {
    try (Statement select = connection.createStatement();
        ResultSet row = select.executeQuery("SELECT pg_backend_pid()")) {
      row.next();
      return row.getInt(1);
    }
  }

  private static void sleep(Duration pause) {
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
    try {
      connection.close();
    } catch (SQLException _) {
      // Closing is all that was wanted of it; the server ends the session either way.
    }
  }
}
