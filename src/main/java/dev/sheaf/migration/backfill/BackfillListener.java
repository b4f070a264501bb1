package dev.sheaf.migration.backfill;

import dev.sheaf.migration.Backfill;

/// Hears what a worker does, on its thread.
public interface BackfillListener {

  /// A worker took it up, where it was left.
  default void began(Backfill backfill) {}

  /// Another batch is done.
  default void progress(Backfill backfill) {}

  /// It does not go on for the moment; called when the reason changes.
  ///
  /// @param reason what is waited for
  default void waiting(String name, String reason) {}

  /// Its worker is through with it: it is done, paused, cancelled or failed.
  default void ended(Backfill backfill) {}
}
