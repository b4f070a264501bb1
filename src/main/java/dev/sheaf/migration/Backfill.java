package dev.sheaf.migration;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.sheaf.database.Sql;
import dev.sheaf.runtime.Durations;
import java.sql.Array;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/// The state and progress of a backfill.
///
/// @param name `module/NNN_name` of its changeset
/// @param table the table whose rows it changes
/// @param key the columns that define the order of the rows
/// @param waitingFor what a running backfill is waiting for; `null` if it is not waiting
/// @param cursor the key of the last row that is done; `null` before the first batch
/// @param rowsDone number of rows before the cursor
/// @param rowsEstimated estimated number of rows, by the last vacuum or analyze, or by the planner
///   if there was none; the exact number when the backfill is done
/// @param rowsPerSecond recent rows per second, including pauses
/// @param secondsLeft estimated seconds until the end; `null` if unknown
/// @param batchSize rows of the last batch
/// @param attempts consecutive failures of the next batch
/// @param lastError the last failure's message
/// @param worker the process that runs it, `user@host/pid`; `null` if none does
/// @param startedAt when the first worker started
/// @param finishedAt when it was done, failed or was cancelled
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

  /// The state of a backfill.
  @Schema(name = "BackfillState")
  public enum State {
    /// No worker has started it.
    @JsonProperty("pending")
    PENDING,
    /// Started. Any worker may continue it.
    @JsonProperty("running")
    RUNNING,
    /// Paused by a person.
    @JsonProperty("paused")
    PAUSED,
    /// A batch failed too often, or the condition is not true at the end.
    @JsonProperty("failed")
    FAILED,
    /// Cancelled by a person.
    @JsonProperty("cancelled")
    CANCELLED,
    /// All rows are done, and the condition was true.
    @JsonProperty("done")
    DONE;

    /// The name in lower case, as in the database and in JSON.
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

  /// All backfills, in the order in which they run; empty if the table does not exist yet.
  public static List<Backfill> all(Connection connection) throws SQLException {
    return Sql.of(QUERY + " ORDER BY registered_at, name").listIfExists(connection, Backfill::read);
  }

  /// The backfill of this name; empty if there is none.
  public static Optional<Backfill> named(Connection connection, String name) throws SQLException {
    return Sql.of(QUERY + " WHERE name = ?", name).listIfExists(connection, Backfill::read).stream()
        .findFirst();
  }

  private static Backfill read(ResultSet row) throws SQLException {
    Array cursor = row.getArray(6);
    return new Backfill(
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
        Sql.instant(row, 15),
        Sql.instant(row, 16));
  }

  /// A summary for people: `running, 35%, 12 s left`.
  public String progress() {
    StringBuilder text = new StringBuilder(state.toString());
    // If there are more rows than estimated, the percentage is unknown.
    if (state != State.DONE && rowsEstimated != null && rowsDone < rowsEstimated) {
      text.append(", ").append(100 * rowsDone / rowsEstimated).append('%');
    }
    if (secondsLeft != null) {
      text.append(", ").append(Durations.text(Duration.ofSeconds(secondsLeft))).append(" left");
    }
    if (waitingFor != null) {
      text.append(", waiting for ").append(waitingFor);
    }
    if (lastError != null && state == State.FAILED) {
      text.append(": ").append(lastError);
    }
    return text.toString();
  }
}
