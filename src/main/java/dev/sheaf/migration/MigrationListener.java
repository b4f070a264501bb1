package dev.sheaf.migration;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// Hears what a migration is doing, while it does it. Called on the migrating thread, in order.
public interface MigrationListener {

  /// Another process holds the lock; called once per wait.
  ///
  /// @param holder who, as far as the server tells
  default void waiting(String holder) {}

  /// A changeset begins.
  ///
  /// @param changeset `module/NNN_name`
  /// @param direction up or down
  default void started(String changeset, Direction direction) {}

  /// A changeset is still running. Called about once a second from a thread of its own, while the
  /// migrating thread waits for the server.
  ///
  /// @param sofar since it began
  /// @param phase of an index build, in PostgreSQL's words; `null` when no index is being built
  /// @param percent of that phase that is done; `null` when the server doesn't say
  default void running(
      String changeset, Duration sofar, @Nullable String phase, @Nullable Double percent) {}

  /// A changeset is applied, or rolled back, and recorded.
  default void finished(String changeset, Direction direction, Duration took) {}

  /// A lock on a table was not to be had; the changeset is tried again after `pause`.
  default void retrying(String changeset, int attempt, Duration pause, String why) {}

  /// Something a person may want to know: a late changeset, an index rebuilt after a crash.
  default void note(String text) {}

  /// Which way the schema goes.
  enum Direction {
    @JsonProperty("up")
    UP,
    @JsonProperty("down")
    DOWN
  }
}
