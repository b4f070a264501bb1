package dev.sheaf.migration.execute;

import dev.sheaf.database.AdvisoryLock;
import dev.sheaf.database.AdvisoryLock.Holder;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;

/// The lock that a process holds while it changes the schema of a database.
public final class SchemaLock {

  /// "sheaf" in ASCII. Advisory locks belong to a database, so one key is enough.
  private static final AdvisoryLock.Key KEY = AdvisoryLock.Key.of(0x7368656166L);

  private SchemaLock() {}

  /// Tries to acquire the lock once.
  public static Optional<AdvisoryLock> tryAcquire(Connection connection) throws SQLException {
    return AdvisoryLock.tryAcquire(connection, KEY);
  }

  /// The session that holds the lock of this database now.
  public static Optional<Holder> holder(Connection connection) throws SQLException {
    return AdvisoryLock.holder(connection, KEY);
  }
}
