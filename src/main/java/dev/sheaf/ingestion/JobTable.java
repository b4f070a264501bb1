package dev.sheaf.ingestion;

import dev.sheaf.database.Lease;
import dev.sheaf.database.SessionTimeouts;
import dev.sheaf.database.Sql;
import dev.sheaf.database.Transactions;
import dev.sheaf.http.Caller;
import io.agroal.api.AgroalDataSource;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.io.InputStream;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The SQL of jobs. The process that works on a job holds a lease, by the database's clock. An
/// update of a job has an effect only while the process holds the lease.
@ApplicationScoped
class JobTable {

  /// A job whose process died: it will never end by itself.
  private static final String ABANDONED =
      """
      finished_at IS NULL AND (state = 'receiving' OR mode = 'sync') AND %s
      """
          .formatted(Lease.EXPIRED);

  /// The time after the end of the lease in which a process that was only paused can continue.
  /// Nothing but space depends on it.
  private static final String LONG_ABANDONED =
      ABANDONED + " AND lease_until < clock_timestamp() - interval '5 min'";

  /// A limited number, so that a run is short; the next one continues. A failed job has its upload,
  /// which may be large. Uses ingestion_job_finished_idx.
  static final String DELETE_FINISHED =
      """
      DELETE FROM ingestion_job
       WHERE id = ANY (ARRAY(SELECT id
                               FROM ingestion_job
                              WHERE finished_at < now() - ? * interval '1 s' AND state <> 'failed'
                              ORDER BY finished_at
                              LIMIT 100
                                FOR UPDATE SKIP LOCKED)
                    || ARRAY(SELECT id
                               FROM ingestion_job
                              WHERE finished_at < now() - ? * interval '1 s' AND state = 'failed'
                              ORDER BY finished_at
                              LIMIT 1
                                FOR UPDATE SKIP LOCKED))
      """;

  /// The job of a request: older versions stored the client's key, for all callers.
  private static final String OF_REQUEST =
      """
       collection_id = ?
         AND (idempotency_key = ? OR idempotency_key = ? AND created_by = ? AND request_hash IS NULL)
      """;

  private static final String VIEW =
      """
      SELECT id, collection, state, mode = 'async', read, created, updated, unchanged, replaced, failed,
             bytes, "position",
             round((read / nullif(extract(epoch FROM coalesce(finished_at, now()) - started_at), 0))::numeric, 1)::float8,
             round((CASE WHEN state = 'running'
                         THEN (bytes - "position") * extract(epoch FROM now() - started_at) / nullif("position", 0)
                    END)::numeric, 1)::float8,
             attempts, error, created_at, started_at, finished_at, request_hash, unreadable
        FROM ingestion_job
      """;

  /// The jobs that a caller may see: admins see all, others their own, and both only those of the
  /// collections that they may see.
  private static final String VISIBLE =
      """
       (? OR created_by = ?) AND (?::text[] IS NULL OR collection = ANY (?))
      """;

  private final AgroalDataSource dataSource;
  private final IngestionConfig config;

  /// The lease of this process on its jobs.
  private final Lease lease;

  /// The ids of the jobs that threads of this process work on. If a thread ends and cannot update
  /// the table because the database is unavailable, the lease expires, as if this process had died.
  private final Set<Long> ownJobs = ConcurrentHashMap.newKeySet();

  JobTable(AgroalDataSource dataSource, IngestionConfig config) {
    this.dataSource = dataSource;
    this.config = config;
    this.lease = new Lease(UUID.randomUUID().toString(), config.lease());
  }

  /// The job is still this process's.
  private String isOurs() {
    return "state = 'running' AND " + lease.isHeld();
  }

  /// A job that this process works on.
  ///
  /// @param line number of the last line that is loaded
  /// @param position offset of the next line in the upload, in bytes
  /// @param bytes length of the upload
  /// @param attempts number of attempts since the last progress, including this one
  /// @param writtenAt times at which its batches were written
  record ClaimedJob(
      long id,
      long collectionId,
      String collection,
      long line,
      long position,
      long bytes,
      int attempts,
      Set<Instant> writtenAt) {}

  /// A job with the key of a request.
  ///
  /// @param requestHash of the body of the request; `null` if it has not arrived completely, or the
  ///   job is of an older version
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record KeyedJob(Job job, byte @Nullable [] requestHash) {}

  /// Creates a job, whose lease this process holds until [#queue] or [#disown].
  ///
  /// @return its id, or empty if there is already a job with this key
  Optional<Long> begin(
      Loader.Target target, boolean async, @Nullable RequestKey key, String creator)
      throws SQLException {
    Optional<Long> id =
        Sql.of(
                """
                INSERT INTO ingestion_job
                       (collection_id, collection, mode, state, idempotency_key, created_by, lease_holder, lease_until, started_at)
                VALUES (?, ?, ?, ?, ?, ?, %s, CASE WHEN ? THEN NULL ELSE now() END)
                ON CONFLICT (collection_id, idempotency_key) DO NOTHING
                RETURNING id
                """
                    .formatted(lease.values()),
                target.space().collectionId(),
                target.collection(),
                async ? "async" : "sync",
                async ? JobState.RECEIVING.value() : JobState.RUNNING.value(),
                key == null ? null : key.stored(),
                creator,
                async)
            .first(dataSource, row -> row.getLong(1));
    id.ifPresent(ownJobs::add);
    return id;
  }

  Optional<Job> find(long id) throws SQLException {
    return Sql.of(VIEW + " WHERE id = ?", id).first(dataSource, JobTable::job);
  }

  /// The jobs with these ids that exist.
  Map<Long, Job> find(Set<Long> ids) throws SQLException {
    return Sql.of(VIEW + " WHERE id = ANY (?)", (Object) ids.toArray(Long[]::new))
        .list(dataSource, JobTable::job)
        .stream()
        .collect(Collectors.toMap(Job::id, job -> job));
  }

  /// The job of an earlier request with this key. Uses ingestion_job_idempotency_key_key.
  Optional<KeyedJob> find(Loader.Target target, RequestKey key) throws SQLException {
    return Sql.of(
            VIEW + " WHERE" + OF_REQUEST + " ORDER BY id DESC LIMIT 1",
            target.space().collectionId(),
            key.stored(),
            key.key(),
            key.caller())
        .first(dataSource, row -> new KeyedJob(job(row), row.getBytes(20)));
  }

  /// A job that the caller may see.
  Optional<Job> find(Caller caller, long id) throws SQLException {
    String[] collections = collections(caller);
    return Sql.of(
            VIEW + " WHERE" + VISIBLE + " AND id = ?",
            caller.admin(),
            caller.name(),
            collections,
            collections,
            id)
        .first(dataSource, JobTable::job);
  }

  /// The newest jobs that the caller may see, newest first.
  List<Job> newest(Caller caller, int limit) throws SQLException {
    String[] collections = collections(caller);
    return Sql.of(
            VIEW + " WHERE" + VISIBLE + " ORDER BY id DESC LIMIT ?",
            caller.admin(),
            caller.name(),
            collections,
            collections,
            limit)
        .list(dataSource, JobTable::job);
  }

  private static String @Nullable [] collections(Caller caller) {
    Set<String> collections = caller.collections();
    return collections == null ? null : collections.toArray(String[]::new);
  }

  /// The stored errors, by line.
  List<LineError> errors(long id) throws SQLException {
    return Sql.of(
            "SELECT line, document, type, detail FROM ingestion_error WHERE job_id = ? ORDER BY line",
            id)
        .list(
            dataSource,
            row ->
                new LineError(
                    row.getLong(1), row.getString(2), row.getString(3), row.getString(4)));
  }

  /// Stores a part of an upload.
  ///
  /// @return false if the job was cancelled or deleted
  boolean addPart(long id, long position, byte[] bytes) throws SQLException {
    return Sql.of(
                """
                INSERT INTO ingestion_part (job_id, "position", bytes)
                SELECT id, ?, ? FROM ingestion_job WHERE id = ? AND state = 'receiving'
                """,
                position,
                bytes,
                id)
            .update(dataSource)
        == 1;
  }

  /// The size of the uploads of a caller that wait to be loaded, or are being loaded. Uses
  /// ingestion_job_unfinished_idx.
  long waitingBytes(String creator) throws SQLException {
    return Sql.of(
            "SELECT coalesce(sum(bytes), 0) FROM ingestion_job WHERE finished_at IS NULL AND mode = 'async' AND created_by = ?",
            creator)
        .first(dataSource, row -> row.getLong(1))
        .orElseThrow();
  }

  /// Queues a job after its upload is stored. This process no longer holds its lease, unless its
  /// worker claims the job.
  ///
  /// @return false if the job was cancelled or deleted
  boolean queue(long id, long bytes, byte[] requestHash) throws SQLException {
    disown(id);
    return Sql.of(
                "UPDATE ingestion_job SET state = 'queued', bytes = ?, request_hash = ?, due_at = now() WHERE id = ? AND state = 'receiving'",
                bytes,
                requestHash,
                id)
            .update(dataSource)
        == 1;
  }

  /// Claims the job that has waited longest, or whose process died. This process holds its lease
  /// until [#disown].
  Optional<ClaimedJob> claim() throws SQLException {
    // Uses ingestion_job_unfinished_idx.
    Optional<ClaimedJob> claimed =
        Sql.of(
                """
                   UPDATE ingestion_job
                      SET state        = 'running',
                          attempts     = attempts + 1,
                          %s,
                          started_at   = coalesce(started_at, now())
                    WHERE id = (SELECT id
                                  FROM ingestion_job
                                 WHERE finished_at IS NULL
                                   AND mode = 'async'
                                   AND (state = 'queued' AND due_at <= now()
                                     OR state = 'running' AND %s)
                                 ORDER BY due_at, id
                                 LIMIT 1
                                   FOR UPDATE SKIP LOCKED)
                RETURNING id, collection_id, collection, line, "position", bytes, attempts,
                          written_at || ARRAY(SELECT b.written_at FROM ingestion_batch b WHERE b.job_id = id)
                """
                    .formatted(lease.take(), Lease.EXPIRED))
            .first(dataSource, JobTable::claimedJob);
    claimed.ifPresent(job -> ownJobs.add(job.id()));
    return claimed;
  }

  /// Stops renewing the lease of a job, because no thread of this process works on it any more.
  void disown(long id) {
    ownJobs.remove(id);
  }

  /// Records the progress of a job in the transaction of each batch.
  JobProgress progress(long id) {
    return (connection, batch) -> {
      Counts counts = batch.counts();
      int updated =
          Sql.of(
                  """
                  WITH job AS (
                       UPDATE ingestion_job
                          SET read        = read + ?,
                              created     = created + ?,
                              updated     = updated + ?,
                              unchanged   = unchanged + ?,
                              replaced    = replaced + ?,
                              failed      = failed + ?,
                              unreadable  = unreadable + ?,
                              line        = ?,
                              "position"  = ?,
                              attempts    = 0,
                              error       = NULL,
                              %s
                        WHERE id = ? AND %s
                    RETURNING id, line
                  )
                  INSERT INTO ingestion_batch (job_id, line) SELECT id, line FROM job
                  """
                      .formatted(lease.extend(), isOurs()),
                  counts.read(),
                  counts.created(),
                  counts.updated(),
                  counts.unchanged(),
                  counts.replaced(),
                  counts.failed(),
                  counts.unreadable(),
                  batch.line(),
                  batch.position(),
                  id)
              .update(connection);
      if (updated == 0) {
        throw new JobProgress.StoppedException();
      }
      if (!batch.errors().isEmpty()) {
        storeErrors(connection, id, batch.errors());
      }
    };
  }

  private void storeErrors(Connection connection, long id, List<LineError> errors)
      throws SQLException {
    Sql.of(
            """
            INSERT INTO ingestion_error (job_id, line, document, type, detail)
            SELECT ?, line, document, type, detail
              FROM unnest(?::bigint[], ?::text[], ?::text[], ?::text[])
                   WITH ORDINALITY AS error (line, document, type, detail, n)
             ORDER BY n
             LIMIT greatest(0, ? - (SELECT count(*) FROM ingestion_error WHERE job_id = ?))
            """,
            id,
            errors.stream().map(LineError::line).toArray(Long[]::new),
            errors.stream().map(LineError::id).toArray(String[]::new),
            errors.stream().map(LineError::type).toArray(String[]::new),
            errors.stream().map(LineError::detail).toArray(String[]::new),
            config.keptErrors(),
            id)
        .update(connection);
  }

  void complete(long id) throws SQLException {
    end(
        id,
        "UPDATE ingestion_job SET state = 'completed', finished_at = now() WHERE id = ? AND "
            + isOurs(),
        id);
  }

  /// Completes a job that was loaded while its body arrived.
  void complete(long id, byte[] requestHash) throws SQLException {
    end(
        id,
        "UPDATE ingestion_job SET state = 'completed', finished_at = now(), request_hash = ? WHERE id = ? AND "
            + isOurs(),
        requestHash,
        id);
  }

  /// Fails a job. Its upload is kept, so that a client can retry it.
  void fail(long id, String error) throws SQLException {
    end(
        id,
        "UPDATE ingestion_job SET state = 'failed', finished_at = now(), error = ? WHERE id = ? AND "
            + isOurs(),
        error,
        id);
  }

  /// Fails a job that no retry can complete, and deletes its upload.
  void failFinally(long id, String error) throws SQLException {
    Transactions.run(
        dataSource,
        connection -> {
          int failed =
              Sql.of(
                      "UPDATE ingestion_job SET state = 'failed', finished_at = now(), error = ? WHERE id = ? AND "
                          + isOurs(),
                      error,
                      id)
                  .update(connection);
          if (failed == 1) {
            deleteUpload(connection, id, "true");
          }
        });
  }

  /// Deletes the oldest uploads of failed jobs of a caller, if they are together larger than
  /// `sheaf.ingestion.max-failed-size`. A large upload takes long to delete, so each is deleted in
  /// its own transaction.
  ///
  /// @param id of a job of the caller. If it has not failed, nothing is deleted
  void deleteExcessUploads(long id) throws SQLException {
    // Uses ingestion_job_failed_idx.
    List<Long> excess =
        Sql.of(
                """
                SELECT stored.id
                  FROM (SELECT j.id, sum(j.bytes) OVER (ORDER BY j.finished_at DESC, j.id DESC) AS total
                          FROM ingestion_job j
                         WHERE j.state = 'failed'
                           AND j.created_by = (SELECT created_by FROM ingestion_job WHERE id = ? AND state = 'failed')
                           AND EXISTS (SELECT FROM ingestion_part p WHERE p.job_id = j.id)) stored
                 WHERE stored.total > ? AND stored.id <> ?
                """,
                id,
                config.maxFailedSize().asLongValue(),
                id)
            .list(dataSource, row -> row.getLong(1));
    for (long old : excess) {
      Transactions.run(
          dataSource,
          connection -> {
            SessionTimeouts.allowAnyTime(connection);
            // A retry of the job waits for the lock, and then finds that the upload is deleted.
            String lock =
                "SELECT id FROM ingestion_job WHERE id = ? AND state = 'failed' FOR UPDATE";
            if (Sql.of(lock, old).first(connection, row -> row.getLong(1)).isPresent()) {
              deleteUpload(connection, old, "true");
            }
          });
    }
  }

  /// Queues a failed job again, if its upload is still stored.
  ///
  /// @return false if it is not
  boolean restart(long id) throws SQLException {
    return Sql.of(
                """
                UPDATE ingestion_job j
                   SET state       = 'queued',
                       attempts    = 0,
                       error       = NULL,
                       due_at      = now(),
                       finished_at = NULL
                 WHERE id = ?
                   AND state = 'failed'
                   AND EXISTS (SELECT FROM ingestion_part p WHERE p.job_id = j.id)
                """,
                id)
            .update(dataSource)
        == 1;
  }

  /// Queues a job for the next attempt, or fails it after the last one.
  void retry(long id, String error) throws SQLException {
    end(
        id,
        """
        UPDATE ingestion_job
           SET state       = CASE WHEN attempts < ? THEN 'queued' ELSE 'failed' END,
               finished_at = CASE WHEN attempts < ? THEN NULL ELSE now() END,
               due_at      = now() + least(2 ^ least(attempts, 9), 300) * interval '1 s',
               error       = ?
         WHERE id = ? AND %s
        """
            .formatted(isOurs()),
        config.maxAttempts(),
        config.maxAttempts(),
        error,
        id);
  }

  /// Queues a job again, because something that it needs is unavailable, such as its model. The
  /// pauses become longer, but the job never fails of this.
  void awaitService(long id, String error) throws SQLException {
    Sql.of(
            """
            UPDATE ingestion_job
               SET state    = 'queued',
                   attempts = least(attempts, ?),
                   due_at   = now() + least(2 ^ least(attempts, 9), 300) * interval '1 s',
                   error    = ?
             WHERE id = ? AND %s
            """
                .formatted(isOurs()),
            config.maxAttempts() / 2,
            error,
            id)
        .update(dataSource);
  }

  /// Queues a job again without counting the attempt, because the database was unavailable.
  void postpone(long id, String error) throws SQLException {
    Sql.of(
            """
            UPDATE ingestion_job
               SET state    = 'queued',
                   attempts = attempts - 1,
                   due_at   = now() + interval '5 s',
                   error    = ?
             WHERE id = ? AND %s
            """
                .formatted(isOurs()),
            error,
            id)
        .update(dataSource);
  }

  /// Whether another job than this one is waiting for a worker.
  boolean isAnotherDue(long id) throws SQLException {
    // Uses ingestion_job_unfinished_idx.
    String sql =
        """
        SELECT true
          FROM ingestion_job
         WHERE finished_at IS NULL
           AND mode = 'async'
           AND state = 'queued'
           AND due_at <= now()
           AND id <> ?
         LIMIT 1
        """;
    return Sql.of(sql, id).first(dataSource, row -> row.getBoolean(1)).isPresent();
  }

  /// Queues a job behind all others that are due, so that any process can claim it.
  void release(long id) throws SQLException {
    Sql.of(
            "UPDATE ingestion_job SET state = 'queued', attempts = 0, due_at = now() WHERE id = ? AND "
                + isOurs(),
            id)
        .update(dataSource);
  }

  /// Cancels a job that has not ended.
  void cancel(long id) throws SQLException {
    end(
        id,
        "UPDATE ingestion_job SET state = 'cancelled', finished_at = now() WHERE id = ? AND finished_at IS NULL",
        id);
  }

  /// Whether this process still holds the lease: the job was not cancelled, deleted or taken over.
  boolean isHeld(long id) throws SQLException {
    String sql = "SELECT true FROM ingestion_job WHERE id = ? AND " + isOurs();
    return Sql.of(sql, id).first(dataSource, row -> row.getBoolean(1)).isPresent();
  }

  /// Deletes a job with its upload and its errors.
  ///
  /// @return false if there is no such job
  boolean delete(long id) throws SQLException {
    return Sql.of("DELETE FROM ingestion_job WHERE id = ?", id).update(dataSource) == 1;
  }

  /// Deletes a job whose upload is incomplete. A job that is queued is not deleted: if the answer
  /// to [#queue] was lost, a repeated request with its key finds it.
  void deleteReceiving(long id) throws SQLException {
    Sql.of("DELETE FROM ingestion_job WHERE id = ? AND state = 'receiving'", id).update(dataSource);
  }

  /// Deletes a job that has not ended, with its upload and its errors.
  void deleteUnfinished(long id) throws SQLException {
    Sql.of("DELETE FROM ingestion_job WHERE id = ? AND finished_at IS NULL", id).update(dataSource);
  }

  /// Deletes the job with this key if its process died.
  void deleteAbandoned(Loader.Target target, RequestKey key) throws SQLException {
    Sql.of(
            "DELETE FROM ingestion_job WHERE" + OF_REQUEST + " AND " + ABANDONED,
            target.space().collectionId(),
            key.stored(),
            key.key(),
            key.caller())
        .update(dataSource);
  }

  /// Renews the leases of this process that have less than two thirds of their time left.
  void renew() throws SQLException {
    Sql.of(
            """
            UPDATE ingestion_job
               SET %s
             WHERE finished_at IS NULL
               AND state IN ('receiving', 'running')
               AND id = ANY (?)
               AND %s
               AND %s
            """
                .formatted(lease.extend(), lease.isHeld(), lease.isToBeExtended()),
            (Object) ownJobs.toArray(Long[]::new))
        .update(dataSource);
  }

  /// Deletes jobs whose process died before their upload was accepted, and jobs that ended long
  /// ago.
  void deleteOldJobs() throws SQLException {
    Sql.of("DELETE FROM ingestion_job WHERE " + LONG_ABANDONED).update(dataSource);
    long seconds = config.keepJobs().toSeconds();
    Sql.of(DELETE_FINISHED, seconds, seconds).update(dataSource);
  }

  /// Reads the stored upload of a job from its position on. Holds one part in memory.
  InputStream upload(ClaimedJob job) {
    return new StoredUpload(job);
  }

  private final class StoredUpload extends InputStream {
    private final ClaimedJob job;
    private long position;
    private byte[] part = new byte[0];
    private int next;

    StoredUpload(ClaimedJob job) {
      this.job = job;
      this.position = job.position();
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : Byte.toUnsignedInt(one[0]);
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      if (next == part.length) {
        if (position == job.bytes()) {
          return -1;
        }
        fetch();
      }
      int read = Math.min(length, part.length - next);
      System.arraycopy(part, next, target, offset, read);
      next += read;
      position += read;
      return read;
    }

    private void fetch() throws IOException {
      try {
        var _ =
            Sql.of(
                    """
                    SELECT "position", bytes
                      FROM ingestion_part
                     WHERE job_id = ? AND "position" <= ?
                     ORDER BY "position" DESC
                     LIMIT 1
                    """,
                    job.id(),
                    position)
                .first(
                    dataSource,
                    row -> {
                      part = row.getBytes(2);
                      next = Math.toIntExact(position - row.getLong(1));
                      return part;
                    });
      } catch (SQLException e) {
        throw new IOException(e);
      }
      if (next >= part.length) {
        throw new IOException("the stored upload is missing from byte " + position + " on");
      }
    }
  }

  /// Runs an update that may end the job, and deletes its upload if no retry needs it.
  private void end(long id, String sql, @Nullable Object... parameters) throws SQLException {
    Transactions.run(
        dataSource,
        connection -> {
          Sql.of(sql, parameters).update(connection);
          deleteUpload(connection, id, "state IN ('completed', 'cancelled')");
        });
  }

  /// @param condition of the job
  private static void deleteUpload(Connection connection, long id, String condition)
      throws SQLException {
    for (String table : List.of("ingestion_part", "ingestion_batch")) {
      Sql.of(
              "DELETE FROM %s WHERE job_id = (SELECT id FROM ingestion_job WHERE id = ? AND %s)"
                  .formatted(table, condition),
              id)
          .update(connection);
    }
  }

  private static ClaimedJob claimedJob(ResultSet row) throws SQLException {
    return new ClaimedJob(
        row.getLong(1),
        row.getLong(2),
        row.getString(3),
        row.getLong(4),
        row.getLong(5),
        row.getLong(6),
        row.getInt(7),
        Stream.of((Timestamp[]) row.getArray(8).getArray())
            .map(Timestamp::toInstant)
            .collect(Collectors.toSet()));
  }

  private static Job job(ResultSet row) throws SQLException {
    return new Job(
        row.getLong(1),
        row.getString(2),
        JobState.of(row.getString(3)),
        row.getBoolean(4),
        new Counts(
            row.getLong(5),
            row.getLong(6),
            row.getLong(7),
            row.getLong(8),
            row.getLong(9),
            row.getLong(10),
            row.getLong(21)),
        row.getLong(11),
        row.getLong(12),
        row.getObject(13, Double.class),
        row.getObject(14, Double.class),
        row.getInt(15),
        row.getString(16),
        row.getObject(17, OffsetDateTime.class).toInstant(),
        Sql.instant(row, 18),
        Sql.instant(row, 19));
  }
}
