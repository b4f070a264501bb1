package dev.sheaf.migration;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.sheaf.database.SqlStates;
import dev.sheaf.runtime.Durations;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/// How far a backfill has come.
///
/// @param name `module/NNN_name`, that of the changeset that needs it
/// @param table whose rows are worked off
/// @param key its columns that say in which order
/// @param waitingFor why nothing happens at the moment; `null` when it goes on
/// @param cursor the key of the last row that is done; `null` before the first
/// @param rowsDone rows that the cursor has passed
/// @param rowsEstimated how many there are, as the last vacuum or analyze counted, or the planner
///   guessed before the first; in the end, how many there were
/// @param rowsPerSecond of late, pauses included
/// @param secondsLeft until the end, if it goes on like that; `null` when there is no telling
/// @param batchSize rows of the last batch
/// @param attempts how often in a row the batch that is next has failed
/// @param lastError why it failed
/// @param worker the process that works at it, `user@host/pid`; `null` when nobody does
/// @param startedAt when the first worker began
/// @param finishedAt when it ended, well or not
@Schema(name = "Backfill")
public record Backfill(
    String name,
    String table,
    List<String> key,
    State state,
    @Nullable String waitingFor,
    @Nullable List<String> cursor,
    long rowsDone,
    @Nullable Long rowsEstimated,
    @Nullable Double rowsPerSecond,
    @Nullable Long secondsLeft,
    @Nullable Integer batchSize,
    int attempts,
    @Nullable String lastError,
    @Nullable String worker,
    @Nullable Instant startedAt,
    @Nullable Instant finishedAt) {

  /// Stands in a backfill's statement for "the rows of this batch"; `::batch` would be a cast.
  public static final Pattern BATCH = Pattern.compile("(?<!:):batch\\b");

  /// Where a backfill stands.
  @Schema(name = "BackfillState")
  public enum State {
    /// Nobody has begun.
    @JsonProperty("pending")
    PENDING,
    /// Begun, and to be gone on with by whichever worker is there.
    @JsonProperty("running")
    RUNNING,
    /// A person wants it to rest.
    @JsonProperty("paused")
    PAUSED,
    /// It could not go on, or its condition does not hold in the end.
    @JsonProperty("failed")
    FAILED,
    /// A person gave it up.
    @JsonProperty("cancelled")
    CANCELLED,
    /// Every row is done and the condition held.
    @JsonProperty("done")
    DONE;

    /// As the database and people write it.
    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private static final String QUERY =
      """
      SELECT name, relation, key, state, waiting_for, cursor, rows_done, rows_estimated, rate,
             CASE WHEN state = 'running' AND rate > 0 AND rows_done < rows_estimated
                  THEN ceil((rows_estimated - rows_done) / rate)::bigint END,
             batch_size, attempts, last_error,
             CASE WHEN lease_until > clock_timestamp() THEN split_part(lease_holder, '#', 1) END,
             started_at, finished_at
        FROM backfill
      """;

  /// All of them, in the order in which they are worked off; empty where the table is not there
  /// yet.
  public static List<Backfill> all(Connection connection) throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement(QUERY + " ORDER BY registered_at, name")) {
      return read(select);
    }
  }

  /// The one of this name, if there is one.
  public static Optional<Backfill> named(Connection connection, String name) throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(QUERY + " WHERE name = ?")) {
      select.setString(1, name);
      return read(select).stream().findFirst();
    }
  }

  private static List<Backfill> read(PreparedStatement select) throws SQLException {
    List<Backfill> backfills = new ArrayList<>();
    try (ResultSet row = select.executeQuery()) {
      while (row.next()) {
        Array cursor = row.getArray(6);
        backfills.add(
            new Backfill(
                row.getString(1),
                row.getString(2),
                List.of((String[]) row.getArray(3).getArray()),
                State.valueOf(row.getString(4).toUpperCase(Locale.ROOT)),
                row.getString(5),
                cursor == null ? null : List.of((String[]) cursor.getArray()),
                row.getLong(7),
                row.getObject(8, Long.class),
                row.getObject(9, Double.class),
                row.getObject(10, Long.class),
                row.getObject(11, Integer.class),
                row.getInt(12),
                row.getString(13),
                row.getString(14),
                instant(row, 15),
                instant(row, 16)));
      }
    } catch (SQLException e) {
      // Nothing was ever migrated here.
      if (!SqlStates.of(e).equals(SqlStates.UNDEFINED_TABLE)) {
        throw e;
      }
    }
    return backfills;
  }

  private static @Nullable Instant instant(ResultSet row, int column) throws SQLException {
    return row.getTimestamp(column) == null ? null : row.getTimestamp(column).toInstant();
  }

  /// `running, 35%, 12 s left`: all that a person asks first.
  public String progress() {
    StringBuilder text = new StringBuilder(state.toString());
    // Where there are more rows than were estimated, nobody knows how far it is.
    if (state != State.DONE && rowsEstimated != null && rowsDone < rowsEstimated) {
      text.append(", ").append(100 * rowsDone / rowsEstimated).append('%');
    }
    if (secondsLeft != null) {
      text.append(", ").append(Durations.text(Duration.ofSeconds(secondsLeft))).append(" left");
    }
    if (waitingFor != null) {
      text.append(", waits for ").append(waitingFor);
    }
    if (lastError != null && state == State.FAILED) {
      text.append(": ").append(lastError);
    }
    return text.toString();
  }
}
