package dev.sheaf.migration.backfill;

import dev.sheaf.database.AdvisoryLock;
import dev.sheaf.database.ConcurrentChange;
import dev.sheaf.database.Lease;
import dev.sheaf.database.Sql;
import dev.sheaf.database.SqlErrorMessage;
import dev.sheaf.database.SqlStates;
import dev.sheaf.database.Transactions;
import dev.sheaf.migration.Backfill;
import dev.sheaf.migration.history.BackfillRegister;
import dev.sheaf.runtime.Backoff;
import dev.sheaf.runtime.OperatorException;
import java.sql.Array;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Runs backfills on its own connection, one after the other.
///
/// A batch is one transaction: it locks the backfill's row in the table `backfill`, finds the rows
/// of the batch, changes them and updates the cursor. If the worker dies, the transaction is rolled
/// back, and the cursor does not move. The lock of the backfill's row excludes a second worker even
/// if a batch takes longer than the lease.
final class BackfillWorker {

  /// The advisory lock under which a worker claims a backfill, so that only one backfill runs at a
  /// time; "backfill" in ASCII.
  private static final AdvisoryLock.Key CLAIM_LOCK = AdvisoryLock.Key.of(0x6261636b66696c6cL);

  /// How often progress is reported.
  private static final Duration REPORT_EVERY = Duration.ofSeconds(1);

  private final Connection connection;
  private final BackfillConfig config;
  private final BackfillListener listener;
  private final Lease lease;
  private final CountDownLatch stop;

  /// @param lease of this worker alone
  /// @param stop ends the work after the current batch
  BackfillWorker(
      Connection connection,
      BackfillConfig config,
      BackfillListener listener,
      Lease lease,
      CountDownLatch stop) {
    this.connection = connection;
    this.config = config;
    this.listener = listener;
    this.lease = lease;
    this.stop = stop;
  }

  /// Claims a pending or running backfill that no other worker runs, and runs it until it is done,
  /// failed, paused or cancelled, or until this worker is stopped.
  ///
  /// @param wanted the backfill's name; `null` for the first one
  /// @return whether there was such a backfill
  /// @throws SQLException if the connection is lost; committed batches stay
  boolean work(@Nullable String wanted) throws SQLException {
    Optional<String> name = claim(wanted);
    if (name.isEmpty()) {
      return false;
    }
    Optional<Backfill> claimed = Backfill.named(connection, name.get());
    if (claimed.isEmpty()) {
      // Its changeset was rolled back meanwhile; there may be another.
      return true;
    }
    Task task = new Task(name.get());
    listener.started(claimed.get());
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

  private Optional<String> claim(@Nullable String wanted) throws SQLException {
    String sql =
        """
        WITH next AS (
            SELECT name
              FROM backfill
             WHERE state IN ('pending', 'running')
               AND %s
               AND NOT EXISTS (SELECT FROM backfill WHERE %s)
               AND name = coalesce(?, name)
             ORDER BY registered_at, name
             LIMIT 1
               FOR UPDATE SKIP LOCKED
        )
        UPDATE backfill b
           SET state = 'running', %s, started_at = coalesce(started_at, now())
          FROM next
         WHERE b.name = next.name
        RETURNING b.name
        """
            .formatted(lease.isFree(), lease.isHeldByAnother(), lease.take());
    return inTransaction(statement -> {
      // Two workers that claim at the same time would not see each other's lease.
      if (!AdvisoryLock.tryAcquireInTransaction(connection, CLAIM_LOCK)) {
        return Optional.empty();
      }
      return Sql.of(sql, wanted).first(connection, row -> row.getString(1));
    });
  }

  private interface TransactionWork<T> {
    T with(Statement statement) throws SQLException;
  }

  private <T> T inTransaction(TransactionWork<T> work) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      // The SQL of a backfill is not written for JDBC; braces are no escapes.
      statement.setEscapeProcessing(false);
      return Transactions.call(connection, _ -> work.with(statement));
    }
  }

  private boolean isStopped() {
    return stop.getCount() == 0;
  }

  private void sleep(long nanos) {
    try {
      stop.await(nanos, TimeUnit.NANOSECONDS);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      stop.countDown();
    }
  }

  /// Whether the connection or its server is lost.
  private boolean isLost(SQLException e) throws SQLException {
    String state = SqlStates.of(e);
    return connection.isClosed()
        || state.startsWith(SqlStates.CONNECTION_EXCEPTION_CLASS)
        || state.startsWith(SqlStates.SHUTDOWN_CLASS);
  }

  /// The backfill's row in the table `backfill` at the start of a batch.
  ///
  /// @param estimated whether the number of rows is estimated already
  private record BackfillRow(
      @Nullable List<String> cursor,
      @Nullable List<String> lastKey,
      String statement,
      String condition,
      boolean estimated) {}

  /// The run of one backfill.
  private final class Task {

    private final String name;
    private @Nullable String reportedReason;
    private long reportedAt = System.nanoTime();
    private long lastMove = System.nanoTime();
    private double rate;

    private Task(String name) {
      this.name = name;
    }

    Backfill look() throws SQLException {
      return Backfill.named(connection, name)
          .orElseThrow(() ->
              new OperatorException(
                  "the backfill " + name + " does not exist any more",
                  "its changeset was rolled back"));
    }

    void run() throws SQLException {
      Backfill backfill = look();
      KeysetPaging order = KeysetPaging.of(connection, backfill.table(), backfill.key());
      ServerLoad load = new ServerLoad(connection, config, backfill.table());
      int first = backfill.batchSize() == null ? config.firstBatch() : backfill.batchSize();
      BatchSize size = new BatchSize(config.batchTime(), first, config.maxBatch());
      boolean more = true;
      while (more && !isStopped()) {
        try {
          Optional<String> reason = load.reason();
          more =
              reason.isPresent()
                  ? waitFor(reason.get(), config.checkEvery())
                  : step(order, load, size);
        } catch (SQLException e) {
          if (isLost(e)) {
            throw e;
          }
          size.halve();
          more = !isStopped() && recover(e);
        }
      }
    }

    /// Runs one batch, or finishes the backfill if there are no more rows.
    ///
    /// @return whether there may be more batches
    private boolean step(KeysetPaging order, ServerLoad load, BatchSize size) throws SQLException {
      long begun = System.nanoTime();
      int wanted = size.rows();
      Optional<BatchResult> result =
          inTransaction(statement -> {
            statement.execute(
                "SET LOCAL lock_timeout = %s; SET LOCAL statement_timeout = %s"
                    .formatted(
                        config.lockTimeout().toMillis(), config.statementTimeout().toMillis()));
            BackfillRow row = lock();
            if (row == null) {
              return Optional.empty();
            }
            // Otherwise it would never end in a table that grows as fast as it works.
            List<String> last = row.lastKey() == null ? order.last(statement) : row.lastKey();
            KeysetPaging.KeyRange batch =
                last == null ? null : order.next(statement, row.cursor(), last, wanted);
            if (last == null || batch == null) {
              finish(statement, row.condition());
              return Optional.empty();
            }
            statement.execute(order.bind(row.statement(), batch));
            boolean blockedOthers = load.blocksOthers();
            move(batch, last, estimate(order, statement, row));
            return Optional.of(new BatchResult(batch.rows(), blockedOthers));
          });
      if (result.isEmpty()) {
        return false;
      }
      long took = System.nanoTime() - begun;
      if (result.get().blockedOthers()) {
        size.halve();
      } else if (result.get().rows() == wanted) {
        size.adjustTo(Duration.ofNanos(took));
      }
      reportedReason = null;
      if (isReportDue()) {
        reportedAt = System.nanoTime();
        listener.progress(look());
      }
      sleep((long) (took * config.rest()));
      return true;
    }

    private boolean isReportDue() {
      return System.nanoTime() - reportedAt > REPORT_EVERY.toNanos();
    }

    /// A new estimate of the number of rows; `null` to keep the current one.
    private @Nullable Long estimate(KeysetPaging order, Statement statement, BackfillRow row)
        throws SQLException {
      if (row.estimated() && !isReportDue()) {
        return null;
      }
      Long counted = order.countedRows(statement);
      if (counted == null && !row.estimated()) {
        return order.estimatedRows(statement);
      }
      return counted;
    }

    /// The result of a batch.
    ///
    /// @param rows number of rows
    /// @param blockedOthers whether another session waited for a lock of the batch
    private record BatchResult(int rows, boolean blockedOthers) {}

    /// Locks the backfill's row until the transaction ends.
    ///
    /// @return `null` if this worker no longer holds the lease
    private @Nullable BackfillRow lock() throws SQLException {
      String sql =
          """
          SELECT cursor, last_key, statement, condition, rows_estimated IS NOT NULL
            FROM backfill
           WHERE name = ? AND state = 'running' AND %s
             FOR UPDATE
          """
              .formatted(lease.isHeld());
      return Sql.of(sql, name)
          .first(
              connection,
              row ->
                  new BackfillRow(
                      key(row.getArray(1)),
                      key(row.getArray(2)),
                      row.getString(3),
                      row.getString(4),
                      row.getBoolean(5)))
          .orElse(null);
    }

    private static @Nullable List<String> key(@Nullable Array values) throws SQLException {
      return values == null ? null : List.of((String[]) values.getArray());
    }

    /// @param estimate of all the rows there are; `null` leaves it as it was
    private void move(KeysetPaging.KeyRange batch, List<String> last, @Nullable Long estimate)
        throws SQLException {
      long now = System.nanoTime();
      double current = batch.rows() * 1e9 / Math.max(1, now - lastMove);
      rate = rate == 0 ? current : 0.8 * rate + 0.2 * current;
      lastMove = now;
      String sql =
          """
          UPDATE backfill
             SET cursor = ?, last_key = ?, rows_done = rows_done + ?, rows_estimated = coalesce(?::bigint, rows_estimated),
                 rate = ?, batch_size = ?, waiting_for = NULL, attempts = 0, last_error = NULL, %s
           WHERE name = ?
          """
              .formatted(lease.extend());
      Sql.of(
              sql,
              batch.upto().toArray(String[]::new),
              last.toArray(String[]::new),
              batch.rows(),
              estimate,
              rate,
              batch.rows(),
              name)
          .update(connection);
    }

    private void finish(Statement statement, String condition) throws SQLException {
      statement.execute("SET LOCAL statement_timeout = " + config.conditionTimeout().toMillis());
      if (BackfillRegister.isTrue(statement, condition)) {
        end(Backfill.State.DONE, null, true);
      } else {
        end(
            Backfill.State.FAILED,
            "all rows are processed, but its condition is not true: " + condition,
            true);
      }
    }

    void fail(String error) throws SQLException {
      end(Backfill.State.FAILED, error, false);
    }

    /// @param allRows whether all rows are done, so that their exact number is known
    private void end(Backfill.State state, @Nullable String error, boolean allRows)
        throws SQLException {
      String sql =
          """
          UPDATE backfill
             SET state = ?, last_error = ?, finished_at = clock_timestamp(), waiting_for = NULL,
                 rows_estimated = CASE WHEN ? THEN rows_done ELSE rows_estimated END,
                 %s
           WHERE name = ? AND %s
          """
              .formatted(Lease.RELEASE, lease.isHeld());
      Sql.of(sql, state.toString(), error, allRows, name).update(connection);
    }

    /// Waits after a failed batch.
    ///
    /// @return whether the batch may be repeated
    private boolean recover(SQLException e) throws SQLException {
      if (ConcurrentChange.isOverLocks(e)) {
        return waitFor("a lock: " + SqlErrorMessage.message(e), config.checkEvery());
      }
      String sql =
          """
          UPDATE backfill
             SET attempts = attempts + 1, last_error = ?
           WHERE name = ? AND %s
          RETURNING attempts
          """
              .formatted(lease.isHeld());
      String message = SqlErrorMessage.message(e);
      Optional<Integer> attempts =
          Sql.of(sql, message, name).first(connection, row -> row.getInt(1));
      if (attempts.isEmpty()) {
        return false;
      }
      if (attempts.get() >= config.attempts()) {
        fail(message);
        return false;
      }
      return waitFor(
          "the next attempt, after an error: " + message,
          new Backoff(config.backoff(), config.backoffLimit()).pause(attempts.get()));
    }

    /// Reports the reason, waits for `pause`, and renews the lease meanwhile.
    ///
    /// @return whether this worker still holds the lease
    private boolean waitFor(String reason, Duration pause) throws SQLException {
      if (!reason.equals(reportedReason)) {
        reportedReason = reason;
        listener.waiting(name, reason);
      }
      long end = System.nanoTime() + pause.toNanos();
      do {
        if (!renew(reason)) {
          return false;
        }
        sleep(Math.min(end - System.nanoTime(), config.lease().toNanos() / 3));
      } while (System.nanoTime() < end && !isStopped());
      return true;
    }

    private boolean renew(String reason) throws SQLException {
      String sql =
          """
          UPDATE backfill
             SET waiting_for = ?, %s
           WHERE name = ? AND state = 'running' AND %s
          """
              .formatted(lease.extend(), lease.isHeld());
      return Sql.of(sql, reason, name).update(connection) > 0;
    }

    /// Releases the lease, so that another worker can continue at once.
    void release() throws SQLException {
      Sql.of(
              "UPDATE backfill SET %s WHERE name = ? AND %s"
                  .formatted(Lease.RELEASE, lease.isHeld()),
              name)
          .update(connection);
    }
  }
}
