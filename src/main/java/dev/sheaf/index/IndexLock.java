package dev.sheaf.index;

import dev.sheaf.database.NetworkTimeouts;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/// Keeps two replicas from the same work on an index: an advisory lock of the session, which is
/// gone with it. Whoever holds it knows that whoever worked there before has ended.
public final class IndexLock implements AutoCloseable {

  /// What is not done twice at a time. The number is the first key of the lock.
  public enum Work {
    /// Building the index of a space.
    BUILD(0x5EA_F1D),
    /// Building the indexes of a collection that filters use.
    FIELDS(0x5EA_F1E),
    /// Measuring the recall of a space.
    MEASURE(0x5EA_F1F);

    private final int key;

    Work(int key) {
      this.key = key;
    }
  }

  private final Connection connection;
  private final Work work;
  private final long id;

  private IndexLock(Connection connection, Work work, long id) {
    this.connection = connection;
    this.work = work;
    this.id = id;
  }

  /// Takes the lock if nobody has it.
  ///
  /// @param connection whose session holds it until it is closed, and whose statements may take any
  ///   time
  /// @param id the space or collection
  /// @return `null` when somebody else has it
  public static @Nullable IndexLock tryTake(Connection connection, Work work, long id)
      throws SQLException {
    var lock = new IndexLock(connection, work, id);
    if (!lock.call("SELECT pg_try_advisory_lock(?, ?)")) {
      return null;
    }
    NetworkTimeouts.allowAnyTime(connection);
    return lock;
  }

  @Override
  public void close() throws SQLException {
    call("SELECT pg_advisory_unlock(?, ?)");
  }

  private boolean call(String function) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(function)) {
      statement.setInt(1, work.key);
      statement.setInt(2, Math.toIntExact(id));
      try (ResultSet row = statement.executeQuery()) {
        row.next();
        return row.getBoolean(1);
      }
    }
  }
}
