package dev.sheaf.ingestion;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;

/// Records the progress of an upload, in the transaction that writes the documents.
interface JobProgress {

  /// Records nothing, for an upload without a job.
  JobProgress NONE = (_, _) -> {};

  /// A batch that is being written.
  ///
  /// @param line number of its last line
  /// @param position offset of the next batch in the upload, in bytes
  /// @param at time of the transaction, by the database's clock
  record WrittenBatch(
      Counts counts, List<LineError> errors, long line, long position, Instant at) {}

  /// Records a batch.
  ///
  /// @param connection whose transaction writes the batch
  /// @throws StoppedException if the upload must not continue
  void record(Connection connection, WrittenBatch batch) throws SQLException;

  /// The job was cancelled or deleted, or another replica has taken it over.
  final class StoppedException extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }
}
