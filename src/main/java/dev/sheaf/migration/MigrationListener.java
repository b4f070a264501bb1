package dev.sheaf.migration;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// Receives the events of a migration, in order, on the migrating thread.
public interface MigrationListener {

  /// Another process holds the schema lock. Called once per wait.
  ///
  /// @param holder a description of that process
  default void waiting(String holder) {}

  /// A changeset starts.
  ///
  /// @param changeset `module/NNN_name`
  /// @param direction up or down
  default void started(String changeset, Direction direction) {}

  /// A changeset is still running. Called about once a second on a separate thread.
  ///
  /// @param sofar time since it started
  /// @param phase phase of an index build, as PostgreSQL reports it; `null` if none is running
  /// @param percent progress of that phase; `null` if unknown
  default void running(
      String changeset, Duration sofar, @Nullable String phase, @Nullable Double percent) {}

  /// A changeset waits for a lock. Called on a separate thread, again if other sessions block it.
  ///
  /// @param sofar time since the changeset started
  /// @param sessions the sessions that block it, in one line
  default void blocked(String changeset, Duration sofar, String sessions) {}

  /// A changeset is applied or rolled back, and recorded.
  default void finished(String changeset, Direction direction, Duration took) {}

  /// A table lock was not available. The changeset is retried after `pause`.
  default void retrying(String changeset, int attempt, Duration pause, String why) {}

  /// A note for people, such as a changeset that is out of order.
  default void note(String text) {}

  /// Whether a changeset is applied or rolled back.
  enum Direction {
    @JsonProperty("up")
    UP,
    @JsonProperty("down")
    DOWN
  }
}
