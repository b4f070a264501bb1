package dev.sheaf.migration.execute;

import dev.sheaf.database.AdvisoryLock;
import dev.sheaf.database.AdvisoryLock.Holder;
import dev.sheaf.database.Sql;
import dev.sheaf.runtime.Hashes;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;

/// The lock that a process holds while it changes a schema. Applications that share a database have
/// a schema and a lock each.
public final class SchemaLock {

  /// "sheaf" in ASCII. Advisory locks belong to a database. The keys of schema `public` are those
  /// of earlier versions, which run beside this one during a rolling update.
  private static final long CHANGING = 0x7368656166L;

  private static final long RUNNING = 0x73686561662072L;

  private static final String DEFAULT_SCHEMA = "public";

  /// Where the history is, or will be. It stays the same while the first run creates the tables.
  private static final String SCHEMA =
      """
      SELECT coalesce((SELECT relnamespace::regnamespace::text
                         FROM pg_class
                        WHERE oid = to_regclass('databasechangelog')),
                      quote_ident(current_schema()),
                      'public')
      """;

  private SchemaLock() {}

  /// Tries to acquire the lock of the connection's history once.
  public static Optional<AdvisoryLock> tryAcquire(Connection connection) throws SQLException {
    return AdvisoryLock.tryAcquire(connection, key(CHANGING, connection));
  }

  /// The session that holds the lock of the connection's history now.
  public static Optional<Holder> holder(Connection connection) throws SQLException {
    return AdvisoryLock.holder(connection, key(CHANGING, connection));
  }

  /// The key of the lock that a session holds while a changeset runs in it.
  ///
  /// @param engine a connection to the history
  static AdvisoryLock.Key running(Connection engine) throws SQLException {
    return key(RUNNING, engine);
  }

  private static AdvisoryLock.Key key(long number, Connection connection) throws SQLException {
    String schema = Sql.of(SCHEMA).first(connection, row -> row.getString(1)).orElseThrow();
    if (schema.equals(DEFAULT_SCHEMA)) {
      return AdvisoryLock.Key.of(number);
    }
    MessageDigest digest = Hashes.sha256();
    digest.update(ByteBuffer.allocate(Long.BYTES).putLong(0, number));
    return AdvisoryLock.Key.of(
        ByteBuffer.wrap(digest.digest(schema.getBytes(StandardCharsets.UTF_8))).getLong());
  }
}
