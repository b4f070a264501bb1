package dev.sheaf.migration.backfill;

import dev.sheaf.migration.Backfill;

/// Receives the events of a worker, on its thread.
public interface BackfillListener {

  /// The worker has started or resumed a backfill.
  default void started(Backfill backfill) {}

  /// A batch is done. Called at most once a second.
  default void progress(Backfill backfill) {}

  /// The backfill is waiting. Called when the reason changes.
  ///
  /// @param reason what it is waiting for, as a noun phrase
  default void waiting(String name, String reason) {}

  /// The worker has left the backfill, which is done, paused, cancelled or failed.
  default void ended(Backfill backfill) {}
}
