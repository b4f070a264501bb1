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

/// The SQL of jobs. Who works on a job holds a lease, by the server's clock, and whatever it says
/// of the job counts only as long as it does.
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

  /// Left by a process that died over it: nobody will ever end it.
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

  /// What a caller sees: admins everybody's jobs, others their own; of their collections both.
  private static final String SEEN =
      """
       (? OR created_by = ?) AND (?::text[] IS NULL OR collection = ANY (?))
      """;

  /// In the order in which they came. Relies on ingestion_job_unfinished_idx.
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

  /// An outage is no fault of the job's, so the attempt does not count.
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

  /// This process, as the holder of its leases.
  private final UUID self = UUID.randomUUID();

  /// What a thread of this process works on. Of what is left here without a word in the table,
  /// because the database was away just then, the lease runs out, as if this process had died.
  private final Set<Long> working = ConcurrentHashMap.newKeySet();

  JobTable(AgroalDataSource dataSource, IngestionConfig config) {
    this.dataSource = dataSource;
    this.config = config;
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
        first(
            BEGIN,
            row -> row.getLong(1),
            target.space().collectionId(),
            target.collection(),
            async ? "async" : "sync",
            async ? JobState.RECEIVING.value() : JobState.RUNNING.value(),
            key,
            creator,
            self,
            config.lease().toMillis(),
            async);
    id.ifPresent(working::add);
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

  /// If the caller sees it.
  Optional<Job> find(Caller caller, long id) throws SQLException {
    String[] collections = collections(caller);
    return first(
        VIEW + " WHERE" + SEEN + " AND id = ?",
        JobTable::job,
        caller.admin(),
        caller.name(),
        collections,
        collections,
        id);
  }

  /// The newest that the caller sees, newest first.
  List<Job> newest(Caller caller, int limit) throws SQLException {
    String[] collections = collections(caller);
    return all(
        VIEW + " WHERE" + SEEN + " ORDER BY id DESC LIMIT ?",
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

  /// The first that were kept, by line.
  List<LineError> errors(long id) throws SQLException {
    return all(
        "SELECT line, document, type, detail FROM ingestion_error WHERE job_id = ? ORDER BY line",
        row -> new LineError(row.getLong(1), row.getString(2), row.getString(3), row.getString(4)),
        id);
  }

  /// Stores a part of an upload.
  ///
  /// @return false when the job was cancelled or deleted meanwhile
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

  /// The upload is stored, and may be worked on.
  ///
  /// @return false when the job was cancelled or deleted meanwhile
  boolean queue(long id, long bytes) throws SQLException {
    return update(
            "UPDATE ingestion_job SET state = 'queued', bytes = ?, due_at = now() WHERE id = ? AND state = 'receiving'",
            bytes,
            id)
        == 1;
  }

  /// Takes the first job that waits, or whose worker has died, until [#leave].
  Optional<Work> claim() throws SQLException {
    Optional<Work> claimed =
        first(
            CLAIM,
            row ->
                new Work(
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
            self,
            config.lease().toMillis());
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
          update(
              connection,
              RECORD,
              counts.read(),
              counts.created(),
              counts.updated(),
              counts.unchanged(),
              counts.replaced(),
              counts.failed(),
              entry.line(),
              entry.position(),
              config.lease().toMillis(),
              id,
              self);
      if (updated == 0) {
        throw new JobProgress.StoppedException();
      }
      if (!entry.errors().isEmpty()) {
        keep(connection, id, entry.errors());
      }
    };
  }

  private void keep(Connection connection, long id, List<LineError> errors) throws SQLException {
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
        self);
  }

  void fail(long id, String error) throws SQLException {
    end(
        "UPDATE ingestion_job SET state = 'failed', finished_at = now(), error = ? WHERE id = ? AND state = 'running' AND lease_holder = ?",
        id,
        error,
        id,
        self);
  }

  /// To be tried again later, or failed when it was tried often enough.
  void retry(long id, String error) throws SQLException {
    end(RETRY, id, config.maxAttempts(), config.maxAttempts(), error, id, self);
  }

  /// To be tried again when the database may be what it was, however long that takes.
  void postpone(long id, String error) throws SQLException {
    update(POSTPONE, error, id, self);
  }

  /// To be taken by another at once.
  void release(long id) throws SQLException {
    update(
        "UPDATE ingestion_job SET state = 'queued', attempts = 0, due_at = now() WHERE id = ? AND state = 'running' AND lease_holder = ?",
        id,
        self);
  }

  /// Ends a job that has not ended.
  void cancel(long id) throws SQLException {
    end(
        "UPDATE ingestion_job SET state = 'cancelled', finished_at = now() WHERE id = ? AND finished_at IS NULL",
        id,
        id);
  }

  /// Whether this process still works on the job: nobody cancelled, deleted or took it.
  boolean isHeld(long id) throws SQLException {
    return first(
            "SELECT true FROM ingestion_job WHERE id = ? AND state = 'running' AND lease_holder = ?",
            row -> row.getBoolean(1),
            id,
            self)
        .isPresent();
  }

  /// Deletes a job with its upload and its errors.
  ///
  /// @return false when there is none
  boolean delete(long id) throws SQLException {
    return update("DELETE FROM ingestion_job WHERE id = ?", id) == 1;
  }

  /// Deletes a job that has not ended, with its upload and its errors.
  void deleteUnfinished(long id) throws SQLException {
    update("DELETE FROM ingestion_job WHERE id = ? AND finished_at IS NULL", id);
  }

  /// Deletes the job of this key when the process that worked on it has died.
  void deleteAbandoned(Loader.Target target, String key) throws SQLException {
    update(
        "DELETE FROM ingestion_job WHERE collection_id = ? AND idempotency_key = ? AND "
            + ABANDONED,
        target.space().collectionId(),
        key);
  }

  /// Keeps what this process works on, before two thirds of the lease are over.
  void renew() throws SQLException {
    long lease = config.lease().toMillis();
    update(RENEW, lease, working.toArray(Long[]::new), self, lease * 2 / 3);
  }

  /// Deletes what nobody will end, and what ended long ago.
  void sweep() throws SQLException {
    update("DELETE FROM ingestion_job WHERE " + ABANDONED);
    update(
        "DELETE FROM ingestion_job WHERE finished_at < now() - ? * interval '1 s'",
        config.keepJobs().toSeconds());
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
                work.id(),
                position);
      } catch (SQLException e) {
        throw new IOException(e);
      }
      if (next >= part.length) {
        throw new IOException("the stored upload is gone from byte " + position + " on");
      }
    }
  }

  /// An update that may end the job, whose upload nobody needs any more then.
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

  private <T> Optional<T> first(String sql, Reader<T> reader, @Nullable Object... parameters)
      throws SQLException {
    return all(sql, reader, parameters).stream().findFirst();
  }

  private <T> List<T> all(String sql, Reader<T> reader, @Nullable Object... parameters)
      throws SQLException {
    var all = new ArrayList<T>();
    try (Connection connection = dataSource.getConnection();
        PreparedStatement statement = connection.prepareStatement(sql)) {
      bind(statement, parameters);
      try (ResultSet row = statement.executeQuery()) {
        while (row.next()) {
          all.add(reader.read(row));
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

  private interface Reader<T> {
    T read(ResultSet row) throws SQLException;
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
