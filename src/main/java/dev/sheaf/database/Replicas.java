package dev.sheaf.database;

import dev.sheaf.problem.Problem;
import io.agroal.api.AgroalDataSource;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Meter.MeterProvider;
import io.micrometer.core.instrument.Metrics;
import io.quarkus.agroal.DataSource;
import io.quarkus.arc.InjectableInstance;
import jakarta.inject.Singleton;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.postgresql.replication.LogSequenceNumber;

/// The standbys that answer searches, and the other reads of `sheaf.replicas.reads`, if
/// `sheaf.replicas.url` names some. Without them, everything goes to the primary.
///
/// A write answers with a position in the primary's write-ahead log. A read that brings this
/// position is answered by a standby that has replayed it, else by the primary: it finds what its
/// client has written. What fails on a standby, because the standby is gone, lags behind, or
/// cancels the search for the sake of replay, is repeated on the primary. If the primary is gone as
/// well, a standby is asked once more: the connection that failed may have been to a server that is
/// no standby any more, while another one serves.
@Singleton
public class Replicas {

  /// The name of the pool.
  static final String POOL = "replicas";

  /// After a server could not be reached, another one is asked for this long: noticing that a
  /// server is gone may take seconds.
  private static final Duration REST = Duration.ofSeconds(1);

  private static final Duration REST_OF_PRIMARY = Duration.ofSeconds(5);

  private static final Duration POLL = Duration.ofMillis(2);

  private static final MeterProvider<Counter> READS =
      Counter.builder("sheaf.replicas.reads")
          .description("Reads by the server that answered them")
          .withRegistry(Metrics.globalRegistry);

  /// The work of a thread that may use a standby.
  private static final ThreadLocal<@Nullable Route> ROUTE = new ThreadLocal<>();

  private final AgroalDataSource primary;
  private final @Nullable AgroalDataSource standbys;
  private final Duration patience;
  private final Set<Reads> ofStandbys;
  private volatile long restUntil = System.nanoTime();
  private volatile long primaryRestsUntil = System.nanoTime();

  Replicas(
      AgroalDataSource primary,
      @DataSource(POOL) InjectableInstance<AgroalDataSource> standbys,
      ReplicasConfig config) {
    this.primary = primary;
    this.standbys = standbys.listActive().stream().findFirst().orElse(null);
    this.patience = config.patience();
    this.ofStandbys = Set.copyOf(config.reads());
    reads("standby", "none");
  }

  /// What standbys can answer.
  public enum Reads {
    /// Searches, batches and their vectors.
    SEARCH,
    /// Pages of the documents of a collection.
    LIST,
    /// Exports. Once lines are sent, a failure is not repeated on another server.
    EXPORT
  }

  /// Work that reads the database through [#getConnection].
  public interface Work<T extends @Nullable Object> {
    T run() throws SQLException;
  }

  /// Where a piece of work reads: at a standby, then at the primary, and at last at a standby whose
  /// connection has been tried.
  private static final class Route {

    private final @Nullable LogSequenceNumber after;
    private boolean usesPrimary;
    private boolean usedStandby;
    private boolean isLast;

    /// Why the primary answers.
    private String reason = "none";

    Route(@Nullable LogSequenceNumber after) {
      this.after = after;
    }

    void toPrimary(String why) {
      usesPrimary = true;
      reason = why;
    }

    void toLast() {
      usesPrimary = false;
      isLast = true;
    }
  }

  /// Runs work that only reads, and again if a standby failed or did not have what it reads.
  ///
  /// @param after a position in the primary's log that must have been replayed; `null` for any
  public <T extends @Nullable Object> T read(
      Reads kind, @Nullable LogSequenceNumber after, Work<T> work) throws SQLException {
    if (standbys == null || !ofStandbys.contains(kind)) {
      return work.run();
    }
    var route = new Route(after);
    if (System.nanoTime() - restUntil < 0) {
      route.toPrimary("unavailable");
    }
    ROUTE.set(route);
    try {
      return readAlong(route, work);
    } finally {
      ROUTE.remove();
      reads(route.usesPrimary ? "primary" : "standby", route.reason).increment();
    }
  }

  private static Counter reads(String answeredBy, String reason) {
    return READS.withTags("answered_by", answeredBy, "reason", reason);
  }

  private <T extends @Nullable Object> T readAlong(Route route, Work<T> work) throws SQLException {
    while (true) {
      try {
        return work.run();
      } catch (SQLException | RuntimeException e) {
        if (!repeats(route, e)) {
          throw e;
        }
      }
    }
  }

  /// Sends a route on to the next server after a failure.
  ///
  /// @return false if no other server can do better
  private boolean repeats(Route route, Exception failure) {
    if (route.isLast) {
      return false;
    }
    if (route.usesPrimary) {
      // A standby that is behind stays behind while the primary is gone.
      if (route.reason.equals("behind") || !DatabaseFailure.isOutage(failure)) {
        return false;
      }
      route.toLast();
      return true;
    }
    String reason = reasonToRepeat(failure);
    if (!route.usedStandby || reason == null) {
      return false;
    }
    route.toPrimary(reason);
    return true;
  }

  /// Why the primary may succeed where a standby failed; `null` if it would fail as well.
  private @Nullable String reasonToRepeat(Exception failure) {
    boolean unknown = failure instanceof Problem problem && problem.type().status() == 404;
    String state = failure instanceof SQLException sql ? SqlStates.of(sql) : "";
    if (unknown || state.equals(SqlStates.UNDEFINED_TABLE)) {
      return "behind";
    }
    if (DatabaseFailure.isOutage(failure)) {
      rest();
      return "unavailable";
    }
    return failure instanceof SQLException sql && SqlStates.isTransient(sql) ? "conflict" : null;
  }

  private void rest() {
    restUntil = System.nanoTime() + REST.toNanos();
  }

  /// A connection for the work of this thread: of a standby in [#read], as long as one serves, else
  /// of the primary.
  public Connection getConnection() throws SQLException {
    Route route = ROUTE.get();
    if (standbys == null || route == null || route.usesPrimary) {
      return primary.getConnection();
    }
    Connection connection;
    try {
      connection = route.isLast ? tried(standbys) : standbys.getConnection();
    } catch (SQLException e) {
      rest();
      route.toPrimary("unavailable");
      return primary.getConnection();
    }
    route.usedStandby = true;
    if (route.after == null || isFresh(connection, route.after)) {
      return connection;
    }
    connection.close();
    route.toPrimary("behind");
    return primary.getConnection();
  }

  /// A connection that answers. The pool may hold some to a server that has just gone; it closes
  /// each when a statement fails on it.
  private static Connection tried(AgroalDataSource pool) throws SQLException {
    int pooled = pool.getConfiguration().connectionPoolConfiguration().maxSize();
    for (int i = 0; i < pooled; i++) {
      Connection connection = pool.getConnection();
      try {
        Sql.of("SELECT true").isTrue(connection);
        return connection;
      } catch (SQLException e) {
        connection.close();
        if (!DatabaseFailure.isOutage(e)) {
          throw e;
        }
      }
    }
    return pool.getConnection();
  }

  /// Waits until the server has replayed a position. A promoted server replays nothing any more.
  private boolean isFresh(Connection connection, LogSequenceNumber after) throws SQLException {
    Sql replayed =
        Sql.of(
            "SELECT NOT pg_is_in_recovery() OR pg_last_wal_replay_lsn() >= ?::pg_lsn",
            after.asString());
    long end = System.nanoTime() + patience.toNanos();
    try {
      while (!replayed.isTrue(connection)) {
        if (System.nanoTime() - end >= 0) {
          return false;
        }
        LockSupport.parkNanos(POLL.toNanos());
      }
      return true;
    } catch (SQLException e) {
      try (connection) {
        throw e;
      }
    }
  }

  /// Runs work on the primary, or, if it is not available, on a standby: for what searches need and
  /// must be as current as possible.
  public <T extends @Nullable Object> T preferPrimary(Transactions.Work<T, RuntimeException> work)
      throws SQLException {
    if (standbys == null || System.nanoTime() - primaryRestsUntil >= 0) {
      try (Connection connection = primary.getConnection()) {
        return work.on(connection);
      } catch (SQLException e) {
        if (standbys == null || !DatabaseFailure.isOutage(e)) {
          throw e;
        }
        primaryRestsUntil = System.nanoTime() + REST_OF_PRIMARY.toNanos();
      }
    }
    try (Connection connection = tried(standbys)) {
      return work.on(connection);
    }
  }

  /// The position in the primary's log up to which everything is on disk, which includes all that
  /// this thread has committed. Empty without standbys, or if the primary does not say.
  public Optional<LogSequenceNumber> written() {
    if (standbys == null) {
      return Optional.empty();
    }
    try (Connection connection = primary.getConnection()) {
      return Sql.of("SELECT pg_current_wal_flush_lsn()::text")
          .first(connection, row -> LogSequenceNumber.valueOf(row.getString(1)));
    } catch (SQLException _) {
      // What was written is written. The client only cannot refer to it.
      return Optional.empty();
    }
  }
}
