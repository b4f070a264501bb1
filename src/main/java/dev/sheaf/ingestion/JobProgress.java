package dev.sheaf.ingestion;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;

/// Keeps what was done of an upload, in the same transaction as what was done.
interface JobProgress {

  /// For an upload that nobody asks for later.
  JobProgress NONE = (_, _) -> {};

  /// One batch that is being written.
  ///
  /// @param at when, by the server's clock
  record Entry(Counts counts, List<LineError> errors, long line, long position, Instant at) {}

  /// Notes that a batch was written.
  ///
  /// @throws StoppedException when this upload is not to go on
  void record(Connection connection, Entry entry) throws SQLException;

  /// The job was cancelled or deleted, or belongs to another by now.
  final class StoppedException extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }
}
