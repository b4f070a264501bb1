package dev.sheaf.migration.backfill;

import dev.sheaf.database.AdvisoryLock;
import dev.sheaf.database.ConcurrentChange;
import dev.sheaf.database.SqlErrorMessage;
import dev.sheaf.database.SqlStates;
import dev.sheaf.database.Transactions;
import dev.sheaf.migration.Backfill;
import dev.sheaf.runtime.OperatorException;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Works backfills off on a connection of its own, one after the other.
///
/// A batch is one transaction: it locks the backfill's row, finds its rows, changes them and moves
/// the cursor. Whoever dies in the middle leaves the cursor where it was and nothing changed; the
/// row's lock keeps two workers apart even when a batch outlives the lease.
final class BackfillWorker {

  /// Keeps two workers from taking up two backfills at once; "backfill" in ASCII.
  private static final AdvisoryLock.Key TAKING_UP = AdvisoryLock.Key.of(0x6261636b66696c6cL);

  /// How often progress is told.
  private static final Duration TELLING = Duration.ofSeconds(1);

  private final Connection connection;
  private final BackfillConfig config;
  private final BackfillListener listener;
  private final String holder;
  private final CountDownLatch stop;

  /// @param holder who this is, unlike anybody else
  /// @param stop ends the work after the current batch
  BackfillWorker(
      Connection connection,
      BackfillConfig config,
      BackfillListener listener,
      String holder,
      CountDownLatch stop) {
    this.connection = connection;
    this.config = config;
    this.listener = listener;
    this.holder = holder;
    this.stop = stop;
  }

  /// Takes up one backfill that is open and that nobody works at, and stays with it until it is
  /// done, failed, paused or cancelled, or this is told to stop.
  ///
  /// @param only the one that is meant; `null` is the first there is
  /// @return whether there was one
  /// @throws SQLException when the connection is lost; what was done until then is done
  boolean work(@Nullable String only) throws SQLException {
    Optional<String> name = takeUp(only);
    if (name.isEmpty()) {
      return false;
    }
    Optional<Backfill> begun = Backfill.named(connection, name.get());
    if (begun.isEmpty()) {
      // Its changeset was rolled back meanwhile; there may be another.
      return true;
    }
    Task task = new Task(name.get());
    listener.began(begun.get());
    try {
      task.run();
    } catch (OperatorException e) {
      task.fail(e.problem() + (e.hint().isEmpty() ? "" : "; " + e.hint()));
    }
    if (isStopped()) {
      task.release();
    }
    Optional<Backfill> left = Backfill.named(connection, name.get());
    left.filter(backfill -> backfill.state() != Backfill.State.RUNNING).ifPresent(listener::ended);
    return true;
  }

  private Optional<String> takeUp(@Nullable String only) throws SQLException {
    String sql =
        """
        WITH next AS (
            SELECT name
              FROM backfill
             WHERE state IN ('pending', 'running')
               AND (lease_until IS NULL OR lease_until < clock_timestamp() OR lease_holder = ?)
               AND NOT EXISTS (SELECT FROM backfill other
                                WHERE other.lease_until >= clock_timestamp() AND other.lease_holder <> ?)
               AND name = coalesce(?, name)
             ORDER BY registered_at, name
             LIMIT 1
               FOR UPDATE SKIP LOCKED
        )
        UPDATE backfill b
           SET state = 'running', lease_holder = ?, lease_until = clock_timestamp() + make_interval(secs => ?),
               started_at = coalesce(started_at, now())
          FROM next
         WHERE b.name = next.name
        RETURNING b.name
        """;
    return inTransaction(statement -> {
      // Another that takes up work meanwhile would not see this one's lease, nor this one its.
      if (!AdvisoryLock.tryAcquireInTransaction(connection, TAKING_UP)) {
        return Optional.empty();
      }
      try (PreparedStatement update = connection.prepareStatement(sql)) {
        update.setString(1, holder);
        update.setString(2, holder);
        update.setString(3, only);
        update.setString(4, holder);
        update.setDouble(5, seconds(config.lease()));
        try (ResultSet row = update.executeQuery()) {
          return row.next() ? Optional.of(row.getString(1)) : Optional.empty();
        }
      }
    });
  }

  private interface Work<T> {
    T with(Statement statement) throws SQLException;
  }

  private <T> T inTransaction(Work<T> work) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      // Whoever wrote a backfill's SQL did not write it for JDBC.
      statement.setEscapeProcessing(false);
      return Transactions.call(connection, _ -> work.with(statement));
    }
  }

  private static boolean isTrue(Statement statement, String sql) throws SQLException {
    try (ResultSet row = statement.executeQuery(sql)) {
      return row.next() && row.getBoolean(1);
    }
  }

  private static double seconds(Duration duration) {
    return duration.toMillis() / 1_000.0;
  }

  private boolean isStopped() {
    return stop.getCount() == 0;
  }

  private void rest(long nanos) {
    try {
      stop.await(nanos, TimeUnit.NANOSECONDS);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      stop.countDown();
    }
  }

  /// Whether the connection is gone, or its server.
  private boolean isLost(SQLException e) throws SQLException {
    String state = SqlStates.of(e);
    return connection.isClosed()
        || state.startsWith(SqlStates.CONNECTION_EXCEPTION_CLASS)
        || state.startsWith(SqlStates.SHUTDOWN_CLASS);
  }

  /// What the backfill's row says when a batch begins.
  ///
  /// @param estimated whether it is known how many rows there are
  private record Position(
      @Nullable List<String> cursor, String statement, String condition, boolean estimated) {}

  /// The work at one backfill.
  private final class Task {

    private final String name;
    private @Nullable String toldReason;
    private long toldProgress = System.nanoTime();
    private long lastMove = System.nanoTime();
    private double rate;

    private Task(String name) {
      this.name = name;
    }

    Backfill look() throws SQLException {
      return Backfill.named(connection, name)
          .orElseThrow(() ->
              new OperatorException(
                  "the backfill " + name + " is gone", "its changeset was rolled back"));
    }

    void run() throws SQLException {
      Backfill backfill = look();
      KeysetPaging order = KeysetPaging.of(connection, backfill.table(), backfill.key());
      ServerLoad pressure = new ServerLoad(connection, config, backfill.table());
      int first = backfill.batchSize() == null ? config.firstBatch() : backfill.batchSize();
      BatchSize size = new BatchSize(config.batchTime(), first, config.maxBatch());
      boolean goesOn = true;
      while (goesOn && !isStopped()) {
        try {
          Optional<String> reason = pressure.reason();
          goesOn =
              reason.isPresent()
                  ? waitFor(reason.get(), config.checkEvery())
                  : step(order, pressure, size);
        } catch (SQLException e) {
          if (isLost(e)) {
            throw e;
          }
          size.disturbed();
          goesOn = !isStopped() && recover(e);
        }
      }
    }

    /// One batch, or the end when there is no row left.
    ///
    /// @return whether there is more to do
    private boolean step(KeysetPaging order, ServerLoad pressure, BatchSize size)
        throws SQLException {
      long begun = System.nanoTime();
      int wanted = size.rows();
      Optional<Moved> moved =
          inTransaction(statement -> {
            statement.execute(
                "SET LOCAL lock_timeout = %s; SET LOCAL statement_timeout = %s"
                    .formatted(
                        config.lockTimeout().toMillis(), config.statementTimeout().toMillis()));
            Position position = lock();
            if (position == null) {
              return Optional.empty();
            }
            KeysetPaging.Batch batch = order.next(statement, position.cursor(), wanted);
            if (batch == null) {
              finish(statement, position.condition());
              return Optional.empty();
            }
            statement.execute(order.fill(position.statement(), batch));
            boolean disturbed = pressure.isInTheWay();
            move(batch, estimate(order, statement, position));
            return Optional.of(new Moved(batch.rows(), disturbed));
          });
      if (moved.isEmpty()) {
        return false;
      }
      long took = System.nanoTime() - begun;
      if (moved.get().disturbed()) {
        size.disturbed();
      } else if (moved.get().rows() == wanted) {
        size.took(Duration.ofNanos(took));
      }
      toldReason = null;
      if (isTimeToTell()) {
        toldProgress = System.nanoTime();
        listener.progress(look());
      }
      rest((long) (took * config.rest()));
      return true;
    }

    private boolean isTimeToTell() {
      return System.nanoTime() - toldProgress > TELLING.toNanos();
    }

    /// How many rows there are, when there is anything new to say about that.
    private @Nullable Long estimate(KeysetPaging order, Statement statement, Position position)
        throws SQLException {
      if (position.estimated() && !isTimeToTell()) {
        return null;
      }
      Long counted = order.counted(statement);
      if (counted == null && !position.estimated()) {
        return order.guessed(statement);
      }
      return counted;
    }

    /// @param disturbed whether somebody waited for it
    private record Moved(int rows, boolean disturbed) {}

    /// Keeps everybody else from this backfill until the transaction ends.
    ///
    /// @return `null` when it is not this worker's any more
    private @Nullable Position lock() throws SQLException {
      String sql =
          """
          SELECT cursor, statement, condition, rows_estimated IS NOT NULL
            FROM backfill
           WHERE name = ?
             AND lease_holder = ?
             AND state = 'running'
             FOR UPDATE
          """;
      try (PreparedStatement select = connection.prepareStatement(sql)) {
        select.setString(1, name);
        select.setString(2, holder);
        try (ResultSet row = select.executeQuery()) {
          if (!row.next()) {
            return null;
          }
          Array cursor = row.getArray(1);
          return new Position(
              cursor == null ? null : List.of((String[]) cursor.getArray()),
              row.getString(2),
              row.getString(3),
              row.getBoolean(4));
        }
      }
    }

    /// @param estimate of all the rows there are; `null` leaves it as it was
    private void move(KeysetPaging.Batch batch, @Nullable Long estimate) throws SQLException {
      long now = System.nanoTime();
      double current = batch.rows() * 1e9 / Math.max(1, now - lastMove);
      rate = rate == 0 ? current : 0.8 * rate + 0.2 * current;
      lastMove = now;
      String sql =
          """
          UPDATE backfill
             SET cursor = ?, rows_done = rows_done + ?, rows_estimated = coalesce(?, rows_estimated),
                 rate = ?, batch_size = ?, waiting_for = NULL, attempts = 0, last_error = NULL,
                 lease_until = clock_timestamp() + make_interval(secs => ?)
           WHERE name = ?
          """;
      try (PreparedStatement update = connection.prepareStatement(sql)) {
        update.setArray(1, connection.createArrayOf("text", batch.upto().toArray()));
        update.setInt(2, batch.rows());
        update.setObject(3, estimate, Types.BIGINT);
        update.setDouble(4, rate);
        update.setInt(5, batch.rows());
        update.setDouble(6, seconds(config.lease()));
        update.setString(7, name);
        update.executeUpdate();
      }
    }

    private void finish(Statement statement, String condition) throws SQLException {
      statement.execute("SET LOCAL statement_timeout = " + config.conditionTimeout().toMillis());
      if (isTrue(statement, condition)) {
        end(Backfill.State.DONE, null, true);
      } else {
        end(
            Backfill.State.FAILED,
            "every row was passed, and its condition does not hold: " + condition,
            true);
      }
    }

    void fail(String error) throws SQLException {
      end(Backfill.State.FAILED, error, false);
    }

    /// @param passed whether every row was, so that it is known how many there are
    private void end(Backfill.State state, @Nullable String error, boolean passed)
        throws SQLException {
      String sql =
          """
          UPDATE backfill
             SET state = ?, last_error = ?, finished_at = clock_timestamp(), waiting_for = NULL,
                 rows_estimated = CASE WHEN ? THEN rows_done ELSE rows_estimated END,
                 lease_holder = NULL, lease_until = NULL
           WHERE name = ?
             AND lease_holder = ?
          """;
      try (PreparedStatement update = connection.prepareStatement(sql)) {
        update.setString(1, state.toString());
        update.setString(2, error);
        update.setBoolean(3, passed);
        update.setString(4, name);
        update.setString(5, holder);
        update.executeUpdate();
      }
    }

    /// Waits for what a moment may bring, or for another attempt.
    ///
    /// @return whether there is one
    private boolean recover(SQLException e) throws SQLException {
      if (ConcurrentChange.isOverLocks(e)) {
        return waitFor("a lock: " + SqlErrorMessage.message(e), config.checkEvery());
      }
      String sql =
          """
          UPDATE backfill
             SET attempts = attempts + 1, last_error = ?
           WHERE name = ?
             AND lease_holder = ?
          RETURNING attempts
          """;
      String message = SqlErrorMessage.message(e);
      try (PreparedStatement update = connection.prepareStatement(sql)) {
        update.setString(1, message);
        update.setString(2, name);
        update.setString(3, holder);
        try (ResultSet row = update.executeQuery()) {
          if (!row.next()) {
            return false;
          }
          int attempts = row.getInt(1);
          if (attempts >= config.attempts()) {
            fail(message);
            return false;
          }
          return waitFor("another attempt after: " + message, backoff(attempts));
        }
      }
    }

    private Duration backoff(int attempts) {
      long millis = config.backoff().toMillis() << Math.min(attempts - 1, 20);
      return Duration.ofMillis(Math.min(millis, config.backoffLimit().toMillis()));
    }

    /// Says what is waited for, keeps the lease, and lets some time pass.
    ///
    /// @return whether it is still this worker's
    private boolean waitFor(String reason, Duration pause) throws SQLException {
      if (!reason.equals(toldReason)) {
        toldReason = reason;
        listener.waiting(name, reason);
      }
      long end = System.nanoTime() + pause.toNanos();
      do {
        if (!renew(reason)) {
          return false;
        }
        rest(Math.min(end - System.nanoTime(), config.lease().toNanos() / 3));
      } while (System.nanoTime() < end && !isStopped());
      return true;
    }

    private boolean renew(String reason) throws SQLException {
      String sql =
          """
          UPDATE backfill
             SET waiting_for = ?, lease_until = clock_timestamp() + make_interval(secs => ?)
           WHERE name = ?
             AND lease_holder = ?
             AND state = 'running'
          """;
      try (PreparedStatement update = connection.prepareStatement(sql)) {
        update.setString(1, reason);
        update.setDouble(2, seconds(config.lease()));
        update.setString(3, name);
        update.setString(4, holder);
        return update.executeUpdate() > 0;
      }
    }

    /// Leaves it to whoever comes next, at once.
    void release() throws SQLException {
      String sql =
          "UPDATE backfill SET lease_holder = NULL, lease_until = NULL WHERE name = ? AND lease_holder = ?";
      try (PreparedStatement update = connection.prepareStatement(sql)) {
        update.setString(1, name);
        update.setString(2, holder);
        update.executeUpdate();
      }
    }
  }
}
