package dev.sheaf.ingestion;

import dev.sheaf.database.Lease;
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
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The SQL of jobs. Who works on a job holds a lease, by the server's clock, and whatever it says
/// of the job counts only as long as it does.
@ApplicationScoped
class JobTable {

  /// Left by a process that died over it: nobody will ever end it.
  private static final String ABANDONED =
      """
      finished_at IS NULL AND (state = 'receiving' OR mode = 'sync') AND %s
      """
          .formatted(Lease.EXPIRED);

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

  /// What a caller sees: admins everybody's jobs, others their own; of their collections both.
  private static final String SEEN =
      """
       (? OR created_by = ?) AND (?::text[] IS NULL OR collection = ANY (?))
      """;

  private final AgroalDataSource dataSource;
  private final IngestionConfig config;

  /// Of this process.
  private final Lease lease;

  /// What a thread of this process works on. Of what is left here without a word in the table,
  /// because the database was away just then, the lease runs out, as if this process had died.
  private final Set<Long> working = ConcurrentHashMap.newKeySet();

  JobTable(AgroalDataSource dataSource, IngestionConfig config) {
    this.dataSource = dataSource;
    this.config = config;
    this.lease = new Lease(UUID.randomUUID().toString(), config.lease());
  }

  /// The job is still this process's.
  private String isOurs() {
    return "state = 'running' AND " + lease.isHeld();
  }

  /// A job to be worked on.
  ///
  /// @param line the last that is done
  /// @param position in the upload, in bytes, behind that
  /// @param bytes the length of the upload
  /// @param attempts this one included, since it last got on
  /// @param writtenAt when each of its batches was written
  record Work(
      long id,
      long collectionId,
      String collection,
      long line,
      long position,
      long bytes,
      int attempts,
      Set<Instant> writtenAt) {}

  /// Begins a job, with a lease, until [#leave].
  ///
  /// @return its id, or empty when there is one of this key
  Optional<Long> begin(Loader.Target target, boolean async, @Nullable String key, String creator)
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
                key,
                creator,
                async)
            .first(dataSource, row -> row.getLong(1));
    id.ifPresent(working::add);
    return id;
  }

  Optional<Job> find(long id) throws SQLException {
    return Sql.of(VIEW + " WHERE id = ?", id).first(dataSource, JobTable::job);
  }

  Optional<Job> find(Loader.Target target, String key) throws SQLException {
    return Sql.of(
            VIEW + " WHERE collection_id = ? AND idempotency_key = ?",
            target.space().collectionId(),
            key)
        .first(dataSource, JobTable::job);
  }

  /// If the caller sees it.
  Optional<Job> find(Caller caller, long id) throws SQLException {
    String[] collections = collections(caller);
    return Sql.of(
            VIEW + " WHERE" + SEEN + " AND id = ?",
            caller.admin(),
            caller.name(),
            collections,
            collections,
            id)
        .first(dataSource, JobTable::job);
  }

  /// The newest that the caller sees, newest first.
  List<Job> newest(Caller caller, int limit) throws SQLException {
    String[] collections = collections(caller);
    return Sql.of(
            VIEW + " WHERE" + SEEN + " ORDER BY id DESC LIMIT ?",
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

  /// The first that were kept, by line.
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
  /// @return false when the job was cancelled or deleted meanwhile
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

  /// The upload is stored, and may be worked on.
  ///
  /// @return false when the job was cancelled or deleted meanwhile
  boolean queue(long id, long bytes) throws SQLException {
    return Sql.of(
                "UPDATE ingestion_job SET state = 'queued', bytes = ?, due_at = now() WHERE id = ? AND state = 'receiving'",
                bytes,
                id)
            .update(dataSource)
        == 1;
  }

  /// Takes the first job that waits, or whose worker has died, until [#leave].
  Optional<Work> claim() throws SQLException {
    // In the order in which they came. Relies on ingestion_job_unfinished_idx.
    Optional<Work> claimed =
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
                                 ORDER BY id
                                 LIMIT 1
                                   FOR UPDATE SKIP LOCKED)
                RETURNING id, collection_id, collection, line, "position", bytes, attempts, written_at
                """
                    .formatted(lease.take(), Lease.EXPIRED))
            .first(dataSource, JobTable::work);
    claimed.ifPresent(work -> working.add(work.id()));
    return claimed;
  }

  /// No thread of this process works on it any more.
  void leave(long id) {
    working.remove(id);
  }

  /// What keeps the job's progress, in the transaction of each batch.
  JobProgress ledger(long id) {
    return (connection, entry) -> {
      Counts counts = entry.counts();
      int updated =
          Sql.of(
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
                         %s
                   WHERE id = ? AND %s
                  """
                      .formatted(lease.extend(), isOurs()),
                  counts.read(),
                  counts.created(),
                  counts.updated(),
                  counts.unchanged(),
                  counts.replaced(),
                  counts.failed(),
                  entry.line(),
                  entry.position(),
                  id)
              .update(connection);
      if (updated == 0) {
        throw new JobProgress.StoppedException();
      }
      if (!entry.errors().isEmpty()) {
        keep(connection, id, entry.errors());
      }
    };
  }

  private void keep(Connection connection, long id, List<LineError> errors) throws SQLException {
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

  void fail(long id, String error) throws SQLException {
    end(
        id,
        "UPDATE ingestion_job SET state = 'failed', finished_at = now(), error = ? WHERE id = ? AND "
            + isOurs(),
        error,
        id);
  }

  /// To be tried again later, or failed when it was tried often enough.
  void retry(long id, String error) throws SQLException {
    end(
        id,
        """
        UPDATE ingestion_job
           SET state       = CASE WHEN attempts < ? THEN 'queued' ELSE 'failed' END,
               finished_at = CASE WHEN attempts < ? THEN NULL ELSE now() END,
               due_at      = now() + least(2 ^ attempts, 300) * interval '1 s',
               error       = ?
         WHERE id = ? AND %s
        """
            .formatted(isOurs()),
        config.maxAttempts(),
        config.maxAttempts(),
        error,
        id);
  }

  /// To be tried again when the database may be what it was, however long that takes.
  void postpone(long id, String error) throws SQLException {
    // An outage is no fault of the job's, so the attempt does not count.
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

  /// To be taken by another at once.
  void release(long id) throws SQLException {
    Sql.of(
            "UPDATE ingestion_job SET state = 'queued', attempts = 0, due_at = now() WHERE id = ? AND "
                + isOurs(),
            id)
        .update(dataSource);
  }

  /// Ends a job that has not ended.
  void cancel(long id) throws SQLException {
    end(
        id,
        "UPDATE ingestion_job SET state = 'cancelled', finished_at = now() WHERE id = ? AND finished_at IS NULL",
        id);
  }

  /// Whether this process still works on the job: nobody cancelled, deleted or took it.
  boolean isHeld(long id) throws SQLException {
    String sql = "SELECT true FROM ingestion_job WHERE id = ? AND " + isOurs();
    return Sql.of(sql, id).first(dataSource, row -> row.getBoolean(1)).isPresent();
  }

  /// Deletes a job with its upload and its errors.
  ///
  /// @return false when there is none
  boolean delete(long id) throws SQLException {
    return Sql.of("DELETE FROM ingestion_job WHERE id = ?", id).update(dataSource) == 1;
  }

  /// Deletes a job that has not ended, with its upload and its errors.
  void deleteUnfinished(long id) throws SQLException {
    Sql.of("DELETE FROM ingestion_job WHERE id = ? AND finished_at IS NULL", id).update(dataSource);
  }

  /// Deletes the job of this key when the process that worked on it has died.
  void deleteAbandoned(Loader.Target target, String key) throws SQLException {
    Sql.of(
            "DELETE FROM ingestion_job WHERE collection_id = ? AND idempotency_key = ? AND "
                + ABANDONED,
            target.space().collectionId(),
            key)
        .update(dataSource);
  }

  /// Keeps what this process works on.
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
            (Object) working.toArray(Long[]::new))
        .update(dataSource);
  }

  /// Deletes what nobody will end, and what ended long ago.
  void sweep() throws SQLException {
    Sql.of("DELETE FROM ingestion_job WHERE " + ABANDONED).update(dataSource);
    Sql.of(
            "DELETE FROM ingestion_job WHERE finished_at < now() - ? * interval '1 s'",
            config.keepJobs().toSeconds())
        .update(dataSource);
  }

  /// A stored upload from `position` on. Holds one part of it.
  InputStream parts(Work work) {
    return new Parts(work);
  }

  private final class Parts extends InputStream {
    private final Work work;
    private long position;
    private byte[] part = new byte[0];
    private int next;

    Parts(Work work) {
      this.work = work;
      this.position = work.position();
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : Byte.toUnsignedInt(one[0]);
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      if (next == part.length) {
        if (position == work.bytes()) {
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
                    work.id(),
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
        throw new IOException("the stored upload is gone from byte " + position + " on");
      }
    }
  }

  /// An update that may end the job, whose upload nobody needs any more then.
  private void end(long id, String sql, @Nullable Object... parameters) throws SQLException {
    Transactions.run(
        dataSource,
        connection -> {
          Sql.of(sql, parameters).update(connection);
          Sql.of(
                  "DELETE FROM ingestion_part WHERE job_id = (SELECT id FROM ingestion_job WHERE id = ? AND finished_at IS NOT NULL)",
                  id)
              .update(connection);
        });
  }

  private static Work work(ResultSet row) throws SQLException {
    return new Work(
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
            row.getLong(10)),
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
