package dev.sheaf.document;

import dev.sheaf.analysis.Lexemes;
import dev.sheaf.analysis.TextAnalyzer;
import dev.sheaf.collection.CollectionService;
import dev.sheaf.collection.CollectionSettings.Analysis;
import dev.sheaf.database.ConcurrentChange;
import dev.sheaf.database.ReadOnlyWatch;
import dev.sheaf.database.Sql;
import dev.sheaf.database.Transactions;
import io.agroal.api.AgroalDataSource;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.scheduler.Scheduled;
import io.quarkus.scheduler.Scheduled.ConcurrentExecution;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/// Finds the words of the stored chunks again after the analyzer or the language of a collection
/// changed.
///
/// A batch and its progress are one transaction, which holds the lock of the row in `reanalysis`.
/// So there is no lease that could expire: of several replicas, one works on a collection at a
/// time, and after a kill, another continues after the last complete batch.
///
/// Writers read the settings in the transaction that writes the chunks. Before the first batch,
/// those end that may have read the former settings, so that one pass over the chunks is enough.
@ApplicationScoped
public class ChunkReanalyzer {

  private static final Logger LOG = Logger.getLogger(ChunkReanalyzer.class);

  /// Chunks that are locked and written at once.
  private static final int BATCH = 100;

  /// Less than PostgreSQL's `deadlock_timeout`, so that a writer is never the victim.
  private static final String LOCK_TIMEOUT = "SELECT set_config('lock_timeout', '200ms', true)";

  /// Searches have the settings of all replicas in a cache for less than this.
  private static final Duration KNOWN_AFTER = Duration.ofSeconds(3);

  /// The next collection does not wait longer for a large one.
  private static final Duration TURN = Duration.ofMinutes(1);

  private static final Duration POLL = Duration.ofMillis(100);

  private static final String UNFINISHED =
      """
      SELECT collection_id
        FROM reanalysis
       WHERE started_at < clock_timestamp() - interval '%s ms'
       ORDER BY collection_id
      """
          .formatted(KNOWN_AFTER.toMillis());

  private static final String REMOVE_OF_DROPPED =
      """
      DELETE FROM reanalysis r
       WHERE NOT EXISTS (SELECT FROM collection c WHERE c.id = r.collection_id AND c.active_space_id IS NOT NULL)
      """;

  /// Transactions that hold the lock of a collection, as [DocumentTable#lockCollection] takes it.
  private static final String WRITERS =
      """
      SELECT DISTINCT virtualtransaction
        FROM pg_locks
       WHERE locktype = 'relation'
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
         AND relation = 'collection'::regclass
         AND mode     = 'RowShareLock'
         AND granted
      """;

  /// Empty if another replica has the row, or the change is complete.
  private static final String TAKE =
      """
      SELECT r.started_at, r.document_id, r."ordinal", c.settings
        FROM reanalysis r
        JOIN collection c ON c.id = r.collection_id
       WHERE r.collection_id = ?
         AND c.active_space_id IS NOT NULL
         FOR UPDATE OF r SKIP LOCKED
      """;

  private static final String NEXT_CHUNKS =
      """
      SELECT document_id, "ordinal", title, text
        FROM chunk_{collection}
       WHERE collection_id = ?
         AND (document_id, "ordinal") > (?, ?)
       ORDER BY document_id, "ordinal"
       LIMIT %s
         FOR NO KEY UPDATE
      """
          .formatted(BATCH);

  /// The words as the trigger of `chunk` finds them.
  private static final String WORDS_OF_POSTGRES =
      """
      UPDATE chunk_{collection} c
         SET search = n.search
        FROM (SELECT k.document_id, k."ordinal",
                     COALESCE(setweight(to_tsvector(?::regconfig, k.title), 'A') || to_tsvector(?::regconfig, k.text),
                              to_tsvector(?::regconfig, k.text)) AS search
                FROM unnest(?::uuid[], ?::int[]) a(document_id, "ordinal")
                JOIN chunk_{collection} k USING (document_id, "ordinal")
               WHERE k.collection_id = ?) n
       WHERE c.collection_id = ?
         AND c.document_id   = n.document_id
         AND c."ordinal"     = n."ordinal"
         AND c.search IS DISTINCT FROM n.search
      """;

  private static final String WORDS_OF_SERVICE =
      """
      UPDATE chunk_{collection} c
         SET search = n.search::tsvector
        FROM unnest(?::uuid[], ?::int[], ?::text[]) n(document_id, "ordinal", search)
       WHERE c.collection_id = ?
         AND c.document_id   = n.document_id
         AND c."ordinal"     = n."ordinal"
         AND c.search IS DISTINCT FROM n.search::tsvector
      """;

  private static final String ADVANCE =
      """
      UPDATE reanalysis
         SET document_id = ?,
             "ordinal"   = ?
       WHERE collection_id = ?
      """;

  private static final String LOCK_COLLECTION =
      "SELECT id FROM collection WHERE id = ? FOR NO KEY UPDATE";

  private static final String COMPLETE =
      """
      WITH complete AS (DELETE FROM reanalysis WHERE collection_id = ? AND started_at = ? RETURNING collection_id)
      UPDATE collection c
         SET settings = settings - 'reanalysis'
        FROM complete
       WHERE c.id = complete.collection_id
      """;

  private final AgroalDataSource dataSource;
  private volatile boolean stopping;

  ChunkReanalyzer(AgroalDataSource dataSource) {
    this.dataSource = dataSource;
  }

  /// @param startedAt distinguishes the change from later ones
  /// @param document of the last chunk that is done
  /// @param ordinal of the last chunk that is done; negative if none is
  private record Progress(OffsetDateTime startedAt, UUID document, int ordinal, Analysis analysis) {

    boolean isBegun() {
      return ordinal >= 0;
    }
  }

  private record StoredChunk(UUID document, int ordinal, @Nullable String title, String text) {}

  private enum NextStep {
    CONTINUE,
    WAIT_FOR_WRITERS,
    COMPLETE,
    /// By another replica, or there is nothing to do any more.
    TAKEN
  }

  /// What a batch has done.
  private record BatchResult(NextStep next, @Nullable OffsetDateTime startedAt) {}

  void onStop(@Observes ShutdownEvent event) {
    stopping = true;
  }

  /// Completes the changes, except those that another replica works on. One that takes longer than
  /// [#TURN] is continued by the next run.
  @Scheduled(
      every = "${sheaf.index.check-every:5s}",
      delayed = "${sheaf.index.check-every:5s}",
      concurrentExecution = ConcurrentExecution.SKIP,
      skipExecutionIf = ReadOnlyWatch.class)
  public void run() {
    try {
      for (long id : unfinished()) {
        reanalyze(id);
      }
    } catch (SQLException e) {
      LOG.warnf("Chunks not analyzed again: reason=%s", e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// None if the module is off and its table absent.
  private List<Long> unfinished() throws SQLException {
    try (Connection connection = dataSource.getConnection()) {
      return Sql.of(UNFINISHED).listIfExists(connection, row -> row.getLong(1));
    }
  }

  /// A failure leaves the other collections to this run, and this one to the next.
  private void reanalyze(long collectionId) throws InterruptedException {
    try {
      reanalyzeAll(collectionId);
    } catch (SQLException e) {
      LOG.logf(
          ConcurrentChange.isBehind(e) ? Logger.Level.DEBUG : Logger.Level.WARN,
          "Chunks not analyzed again: collection=%s reason=%s",
          collectionId,
          e.getMessage());
    }
  }

  private void reanalyzeAll(long collectionId) throws SQLException, InterruptedException {
    Sql.of(REMOVE_OF_DROPPED).update(dataSource);
    @Nullable OffsetDateTime withoutWriters = null;
    long begun = System.nanoTime();
    while (hasTurn(begun)) {
      OffsetDateTime known = withoutWriters;
      long start = System.nanoTime();
      BatchResult batch =
          Transactions.call(
              dataSource, connection -> analyzeBatch(connection, collectionId, known));
      switch (batch.next()) {
        case TAKEN -> {
          return;
        }
        case WAIT_FOR_WRITERS -> {
          waitForWriters(begun);
          withoutWriters = batch.startedAt();
        }
        case COMPLETE -> {
          complete(collectionId, batch.startedAt());
          return;
        }
        // Others have the database for half of the time.
        case CONTINUE -> Thread.sleep(Duration.ofNanos(System.nanoTime() - start));
      }
    }
  }

  /// @param withoutWriters the change whose earlier writers have ended
  private BatchResult analyzeBatch(
      Connection connection, long collectionId, @Nullable OffsetDateTime withoutWriters)
      throws SQLException {
    Sql.of(LOCK_TIMEOUT).list(connection, row -> row.getString(1));
    Optional<Progress> taken =
        Sql.of(TAKE, collectionId)
            .first(
                connection,
                row ->
                    new Progress(
                        row.getObject(1, OffsetDateTime.class),
                        row.getObject(2, UUID.class),
                        row.getInt(3),
                        CollectionService.analysis(row.getString(4))));
    if (taken.isEmpty()) {
      return new BatchResult(NextStep.TAKEN, null);
    }
    Progress progress = taken.get();
    if (!progress.isBegun() && !progress.startedAt().equals(withoutWriters)) {
      return new BatchResult(NextStep.WAIT_FOR_WRITERS, progress.startedAt());
    }
    List<StoredChunk> chunks =
        Sql.of(
                inPartition(NEXT_CHUNKS, collectionId),
                collectionId,
                progress.document(),
                progress.ordinal())
            .list(
                connection,
                row ->
                    new StoredChunk(
                        row.getObject(1, UUID.class),
                        row.getInt(2),
                        row.getString(3),
                        row.getString(4)));
    if (chunks.isEmpty()) {
      return new BatchResult(NextStep.COMPLETE, progress.startedAt());
    }
    store(connection, collectionId, progress.analysis(), chunks);
    StoredChunk last = chunks.getLast();
    Sql.of(ADVANCE, last.document(), last.ordinal(), collectionId).update(connection);
    return new BatchResult(NextStep.CONTINUE, progress.startedAt());
  }

  private static void store(
      Connection connection, long collectionId, Analysis analysis, List<StoredChunk> chunks)
      throws SQLException {
    UUID[] documents = chunks.stream().map(StoredChunk::document).toArray(UUID[]::new);
    Integer[] ordinals = chunks.stream().map(StoredChunk::ordinal).toArray(Integer[]::new);
    Optional<TextAnalyzer> analyzer = analysis.textAnalyzer();
    if (analyzer.isEmpty()) {
      String language = analysis.language();
      Sql.of(
              inPartition(WORDS_OF_POSTGRES, collectionId),
              language,
              language,
              language,
              documents,
              ordinals,
              collectionId,
              collectionId)
          .update(connection);
      return;
    }
    String[] words =
        chunks.stream()
            .map(chunk -> Lexemes.of(analyzer.get(), chunk.title(), chunk.text()).toString())
            .toArray(String[]::new);
    Sql.of(inPartition(WORDS_OF_SERVICE, collectionId), documents, ordinals, words, collectionId)
        .update(connection);
  }

  /// @param begun when the turn began, by [System#nanoTime]
  private boolean hasTurn(long begun) {
    return !stopping && System.nanoTime() - begun < TURN.toNanos();
  }

  /// Waits until the writers of this moment have ended, but not longer than the turn. A session of
  /// somebody else may stay in its transaction.
  private void waitForWriters(long begun) throws SQLException, InterruptedException {
    List<String> earlier = Sql.of(WRITERS).list(dataSource, row -> row.getString(1));
    while (hasTurn(begun)
        && Sql.of(WRITERS).list(dataSource, row -> row.getString(1)).stream()
            .anyMatch(earlier::contains)) {
      Thread.sleep(POLL);
    }
  }

  private void complete(long collectionId, @Nullable OffsetDateTime startedAt) throws SQLException {
    // The score of a frequent word comes from these statistics.
    Sql.of(inPartition("ANALYZE chunk_{collection} (search)", collectionId)).update(dataSource);
    boolean complete =
        Transactions.call(
            dataSource,
            connection -> {
              // In the order in which a change of the settings takes the locks.
              Sql.of(LOCK_COLLECTION, collectionId).list(connection, row -> row.getLong(1));
              return Sql.of(COMPLETE, collectionId, startedAt).update(connection) > 0;
            });
    if (complete) {
      LOG.infof("Chunks analyzed again: collection=%s", collectionId);
    }
  }

  private static String inPartition(String sql, long collectionId) {
    return sql.replace("{collection}", Long.toString(collectionId));
  }
}
