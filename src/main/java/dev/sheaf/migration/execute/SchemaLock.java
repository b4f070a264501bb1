package dev.sheaf.migration.execute;

import dev.sheaf.database.AdvisoryLock;
import dev.sheaf.database.AdvisoryLock.Holder;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;

/// The right to change the schema of one database.
public final class SchemaLock {

  /// "sheaf" in ASCII; one key per database is enough, as advisory locks belong to a database.
  private static final AdvisoryLock.Key KEY = AdvisoryLock.Key.of(0x7368656166L);

  private SchemaLock() {}

  /// Tries once.
  public static Optional<AdvisoryLock> tryAcquire(Connection connection) throws SQLException {
    return AdvisoryLock.tryAcquire(connection, KEY);
  }

  /// Which session holds the lock in this database now.
  public static Optional<Holder> holder(Connection connection) throws SQLException {
    return AdvisoryLock.holder(connection, KEY);
  }
}
