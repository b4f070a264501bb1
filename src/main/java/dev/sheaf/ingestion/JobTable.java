package dev.sheaf.ingestion;

import dev.sheaf.database.Transactions;
import dev.sheaf.http.Caller;
import io.agroal.api.AgroalDataSource;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.io.InputStream;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
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

  private static final String BEGIN =
      """
      INSERT INTO ingestion_job
             (collection_id, collection, mode, state, idempotency_key, created_by, lease_holder, lease_until, started_at)
      VALUES (?, ?, ?, ?, ?, ?, ?, now() + ? * interval '1 ms', CASE WHEN ? THEN NULL ELSE now() END)
      ON CONFLICT (collection_id, idempotency_key) DO NOTHING
      RETURNING id
      """;

  /// A job whose process died: it will never end by itself.
  private static final String ABANDONED =
      """
      finished_at IS NULL AND (state = 'receiving' OR mode = 'sync') AND lease_until < now()
      """;

  private static final String VIEW =
      """
      SELECT id, collection, state, mode = 'async', read, created, updated, unchanged, replaced, failed,
             bytes, "position",
             round((read / nullif(extract(epoch FROM coalesce(finished_at, now()) - started_at), 0))::numeric, 1)::float8,
             round((CASE WHEN state = 'running'
                         THEN (bytes - "position") * extract(epoch FROM now() - started_at) / nullif("position", 0)
                    END)::numeric, 1)::float8,
             attempts, error, created_at, started_at, finished_at
        FROM ingestion_job
      """;

  /// The jobs that a caller may see: admins see all, others their own, and both only those of the
  /// collections that they may see.
  private static final String VISIBLE =
      """
       (? OR created_by = ?) AND (?::text[] IS NULL OR collection = ANY (?))
      """;

  /// Claims jobs in the order of their creation. Uses ingestion_job_unfinished_idx.
  private static final String CLAIM =
      """
         UPDATE ingestion_job
            SET state        = 'running',
                attempts     = attempts + 1,
                lease_holder = ?,
                lease_until  = now() + ? * interval '1 ms',
                started_at   = coalesce(started_at, now())
          WHERE id = (SELECT id
                        FROM ingestion_job
                       WHERE finished_at IS NULL
                         AND mode = 'async'
                         AND (state = 'queued' AND due_at <= now()
                           OR state = 'running' AND lease_until < now())
                       ORDER BY id
                       LIMIT 1
                         FOR UPDATE SKIP LOCKED)
      RETURNING id, collection_id, collection, line, "position", bytes, attempts, written_at
      """;

  private static final String RECORD =
      """
      UPDATE ingestion_job
         SET read        = read + ?,
             created     = created + ?,
             updated     = updated + ?,
             unchanged   = unchanged + ?,
             replaced    = replaced + ?,
             failed      = failed + ?,
             line        = ?,
             "position"  = ?,
             written_at  = array_append(written_at, now()),
             attempts    = 0,
             error       = NULL,
             lease_until = now() + ? * interval '1 ms'
       WHERE id = ? AND state = 'running' AND lease_holder = ?
      """;

  private static final String RETRY =
      """
      UPDATE ingestion_job
         SET state       = CASE WHEN attempts < ? THEN 'queued' ELSE 'failed' END,
             finished_at = CASE WHEN attempts < ? THEN NULL ELSE now() END,
             due_at      = now() + least(2 ^ attempts, 300) * interval '1 s',
             error       = ?
       WHERE id = ? AND state = 'running' AND lease_holder = ?
      """;

  /// The attempt does not count, because the database was unavailable.
  private static final String POSTPONE =
      """
      UPDATE ingestion_job
         SET state    = 'queued',
             attempts = attempts - 1,
             due_at   = now() + interval '5 s',
             error    = ?
       WHERE id = ? AND state = 'running' AND lease_holder = ?
      """;

  private static final String RENEW =
      """
      UPDATE ingestion_job
         SET lease_until = now() + ? * interval '1 ms'
       WHERE finished_at IS NULL
         AND state IN ('receiving', 'running')
         AND id = ANY (?)
         AND lease_holder = ?
         AND lease_until < now() + ? * interval '1 ms'
      """;

  private final AgroalDataSource dataSource;
  private final IngestionConfig config;

  /// Identifies this process as the holder of its leases.
  private final UUID holder = UUID.randomUUID();

  /// The ids of the jobs that threads of this process work on. If a thread ends and cannot update
  /// the table because the database is unavailable, the lease expires, as if this process had died.
  private final Set<Long> ownJobs = ConcurrentHashMap.newKeySet();

  JobTable(AgroalDataSource dataSource, IngestionConfig config) {
    this.dataSource = dataSource;
    this.config = config;
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

  /// Creates a job, whose lease this process holds until [#disown].
  ///
  /// @return its id, or empty if there is already a job with this key
  Optional<Long> begin(Loader.Target target, boolean async, @Nullable String key, String creator)
      throws SQLException {
    Optional<Long> id =
        first(
            BEGIN,
            row -> row.getLong(1),
            target.space().collectionId(),
            target.collection(),
            async ? "async" : "sync",
            async ? JobState.RECEIVING.value() : JobState.RUNNING.value(),
            key,
            creator,
            holder,
            config.lease().toMillis(),
            async);
    id.ifPresent(ownJobs::add);
    return id;
  }

  Optional<Job> find(long id) throws SQLException {
    return first(VIEW + " WHERE id = ?", JobTable::job, id);
  }

  Optional<Job> find(Loader.Target target, String key) throws SQLException {
    return first(
        VIEW + " WHERE collection_id = ? AND idempotency_key = ?",
        JobTable::job,
        target.space().collectionId(),
        key);
  }

  /// A job that the caller may see.
  Optional<Job> find(Caller caller, long id) throws SQLException {
    String[] collections = collections(caller);
    return first(
        VIEW + " WHERE" + VISIBLE + " AND id = ?",
        JobTable::job,
        caller.admin(),
        caller.name(),
        collections,
        collections,
        id);
  }

  /// The newest jobs that the caller may see, newest first.
  List<Job> newest(Caller caller, int limit) throws SQLException {
    String[] collections = collections(caller);
    return all(
        VIEW + " WHERE" + VISIBLE + " ORDER BY id DESC LIMIT ?",
        JobTable::job,
        caller.admin(),
        caller.name(),
        collections,
        collections,
        limit);
  }

  private static String @Nullable [] collections(Caller caller) {
    Set<String> collections = caller.collections();
    return collections == null ? null : collections.toArray(String[]::new);
  }

  /// The stored errors, by line.
  List<LineError> errors(long id) throws SQLException {
    return all(
        "SELECT line, document, type, detail FROM ingestion_error WHERE job_id = ? ORDER BY line",
        row -> new LineError(row.getLong(1), row.getString(2), row.getString(3), row.getString(4)),
        id);
  }

  /// Stores a part of an upload.
  ///
  /// @return false if the job was cancelled or deleted
  boolean addPart(long id, long position, byte[] bytes) throws SQLException {
    return update(
            """
            INSERT INTO ingestion_part (job_id, "position", bytes)
            SELECT id, ?, ? FROM ingestion_job WHERE id = ? AND state = 'receiving'
            """,
            position,
            bytes,
            id)
        == 1;
  }

  /// Queues a job after its upload is stored.
  ///
  /// @return false if the job was cancelled or deleted
  boolean queue(long id, long bytes) throws SQLException {
    return update(
            "UPDATE ingestion_job SET state = 'queued', bytes = ?, due_at = now() WHERE id = ? AND state = 'receiving'",
            bytes,
            id)
        == 1;
  }

  /// Claims the first job that is queued, or whose process died. This process holds its lease until
  /// [#disown].
  Optional<ClaimedJob> claim() throws SQLException {
    Optional<ClaimedJob> claimed =
        first(
            CLAIM,
            row ->
                new ClaimedJob(
                    row.getLong(1),
                    row.getLong(2),
                    row.getString(3),
                    row.getLong(4),
                    row.getLong(5),
                    row.getLong(6),
                    row.getInt(7),
                    Stream.of((Timestamp[]) row.getArray(8).getArray())
                        .map(Timestamp::toInstant)
                        .collect(Collectors.toSet())),
            holder,
            config.lease().toMillis());
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
          update(
              connection,
              RECORD,
              counts.read(),
              counts.created(),
              counts.updated(),
              counts.unchanged(),
              counts.replaced(),
              counts.failed(),
              batch.line(),
              batch.position(),
              config.lease().toMillis(),
              id,
              holder);
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
    try (PreparedStatement statement =
        connection.prepareStatement(
            """
            INSERT INTO ingestion_error (job_id, line, document, type, detail)
            SELECT ?, ?, ?, ?, ?
             WHERE (SELECT count(*) FROM ingestion_error WHERE job_id = ?) < ?
            """)) {
      for (LineError error : errors.subList(0, Math.min(errors.size(), config.keptErrors()))) {
        bind(
            statement,
            id,
            error.line(),
            error.id(),
            error.type(),
            error.detail(),
            id,
            config.keptErrors());
        statement.addBatch();
      }
      statement.executeBatch();
    }
  }

  void complete(long id) throws SQLException {
    end(
        "UPDATE ingestion_job SET state = 'completed', finished_at = now() WHERE id = ? AND state = 'running' AND lease_holder = ?",
        id,
        id,
        holder);
  }

  void fail(long id, String error) throws SQLException {
    end(
        "UPDATE ingestion_job SET state = 'failed', finished_at = now(), error = ? WHERE id = ? AND state = 'running' AND lease_holder = ?",
        id,
        error,
        id,
        holder);
  }

  /// Queues a job for the next attempt, or fails it after the last one.
  void retry(long id, String error) throws SQLException {
    end(RETRY, id, config.maxAttempts(), config.maxAttempts(), error, id, holder);
  }

  /// Queues a job again without counting the attempt, because the database was unavailable.
  void postpone(long id, String error) throws SQLException {
    update(POSTPONE, error, id, holder);
  }

  /// Queues a job so that another process can claim it immediately.
  void release(long id) throws SQLException {
    update(
        "UPDATE ingestion_job SET state = 'queued', attempts = 0, due_at = now() WHERE id = ? AND state = 'running' AND lease_holder = ?",
        id,
        holder);
  }

  /// Cancels a job that has not ended.
  void cancel(long id) throws SQLException {
    end(
        "UPDATE ingestion_job SET state = 'cancelled', finished_at = now() WHERE id = ? AND finished_at IS NULL",
        id,
        id);
  }

  /// Whether this process still holds the lease: the job was not cancelled, deleted or taken over.
  boolean isHeld(long id) throws SQLException {
    return first(
            "SELECT true FROM ingestion_job WHERE id = ? AND state = 'running' AND lease_holder = ?",
            row -> row.getBoolean(1),
            id,
            holder)
        .isPresent();
  }

  /// Deletes a job with its upload and its errors.
  ///
  /// @return false if there is no such job
  boolean delete(long id) throws SQLException {
    return update("DELETE FROM ingestion_job WHERE id = ?", id) == 1;
  }

  /// Deletes a job that has not ended, with its upload and its errors.
  void deleteUnfinished(long id) throws SQLException {
    update("DELETE FROM ingestion_job WHERE id = ? AND finished_at IS NULL", id);
  }

  /// Deletes the job with this key if its process died.
  void deleteAbandoned(Loader.Target target, String key) throws SQLException {
    update(
        "DELETE FROM ingestion_job WHERE collection_id = ? AND idempotency_key = ? AND "
            + ABANDONED,
        target.space().collectionId(),
        key);
  }

  /// Renews the leases of this process that have less than two thirds of their time left.
  void renew() throws SQLException {
    long lease = config.lease().toMillis();
    update(RENEW, lease, ownJobs.toArray(Long[]::new), holder, lease * 2 / 3);
  }

  /// Deletes jobs whose process died before they could be repeated, and jobs that ended long ago.
  void deleteOldJobs() throws SQLException {
    update("DELETE FROM ingestion_job WHERE " + ABANDONED);
    update(
        "DELETE FROM ingestion_job WHERE finished_at < now() - ? * interval '1 s'",
        config.keepJobs().toSeconds());
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
            first(
                """
                SELECT "position", bytes
                  FROM ingestion_part
                 WHERE job_id = ? AND "position" <= ?
                 ORDER BY "position" DESC
                 LIMIT 1
                """,
                row -> {
                  part = row.getBytes(2);
                  next = Math.toIntExact(position - row.getLong(1));
                  return part;
                },
                job.id(),
                position);
      } catch (SQLException e) {
        throw new IOException(e);
      }
      if (next >= part.length) {
        throw new IOException("the stored upload is missing from byte " + position + " on");
      }
    }
  }

  /// Runs an update that may end the job, and deletes its upload if it does.
  private void end(String sql, long id, @Nullable Object... parameters) throws SQLException {
    Transactions.run(
        dataSource,
        connection -> {
          update(connection, sql, parameters);
          update(
              connection,
              "DELETE FROM ingestion_part WHERE job_id = (SELECT id FROM ingestion_job WHERE id = ? AND finished_at IS NOT NULL)",
              id);
        });
  }

  private int update(String sql, @Nullable Object... parameters) throws SQLException {
    try (Connection connection = dataSource.getConnection()) {
      return update(connection, sql, parameters);
    }
  }

  private static int update(Connection connection, String sql, @Nullable Object... parameters)
      throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      bind(statement, parameters);
      return statement.executeUpdate();
    }
  }

  private <T> Optional<T> first(String sql, RowMapper<T> mapper, @Nullable Object... parameters)
      throws SQLException {
    return all(sql, mapper, parameters).stream().findFirst();
  }

  private <T> List<T> all(String sql, RowMapper<T> mapper, @Nullable Object... parameters)
      throws SQLException {
    var all = new ArrayList<T>();
    try (Connection connection = dataSource.getConnection();
        PreparedStatement statement = connection.prepareStatement(sql)) {
      bind(statement, parameters);
      try (ResultSet row = statement.executeQuery()) {
        while (row.next()) {
          all.add(mapper.map(row));
        }
      }
    }
    return all;
  }

  private static void bind(PreparedStatement statement, @Nullable Object... parameters)
      throws SQLException {
    for (int i = 0; i < parameters.length; i++) {
      statement.setObject(i + 1, parameters[i]);
    }
  }

  private interface RowMapper<T> {
    T map(ResultSet row) throws SQLException;
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
            row.getLong(10)),
        row.getLong(11),
        row.getLong(12),
        row.getObject(13, Double.class),
        row.getObject(14, Double.class),
        row.getInt(15),
        row.getString(16),
        row.getObject(17, OffsetDateTime.class).toInstant(),
        instant(row, 18),
        instant(row, 19));
  }

  private static @Nullable Instant instant(ResultSet row, int column) throws SQLException {
    OffsetDateTime time = row.getObject(column, OffsetDateTime.class);
    return time == null ? null : time.toInstant();
  }
}
