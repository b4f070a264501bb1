package dev.sheaf.index;

import dev.sheaf.database.AdvisoryLock;
import dev.sheaf.database.SessionTimeouts;
import java.sql.Connection;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/// Work on an index that only one replica does at a time. The holder of the lock can be sure that
/// no earlier holder is still working.
enum IndexLock {
  /// Building the index of a space.
  BUILD(0x5EA_F1D),
  /// Building the indexes of a collection that filters use.
  FIELDS(0x5EA_F1E),
  /// Measuring the recall of a space.
  MEASURE(0x5EA_F1F);

  private final int classId;

  IndexLock(int classId) {
    this.classId = classId;
  }

  /// Acquires the lock if it is free.
  ///
  /// @param connection the session that holds the lock until it is closed; its time limits are
  ///   removed
  /// @param id the id of the space or collection
  /// @return `null` if another session holds the lock
  @Nullable AdvisoryLock tryAcquire(Connection connection, long id) throws SQLException {
    AdvisoryLock lock =
        AdvisoryLock.tryAcquire(connection, AdvisoryLock.Key.of(classId, Math.toIntExact(id)))
            .orElse(null);
    if (lock != null) {
      SessionTimeouts.remove(connection);
    }
    return lock;
  }
}
