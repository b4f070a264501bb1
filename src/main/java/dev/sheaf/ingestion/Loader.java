package dev.sheaf.ingestion;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import dev.sheaf.collection.CollectionChanges;
import dev.sheaf.collection.CollectionService;
import dev.sheaf.database.SessionTimeouts;
import dev.sheaf.database.SqlStates;
import dev.sheaf.database.Transactions;
import dev.sheaf.document.BulkDocuments;
import dev.sheaf.document.DocumentMeters;
import dev.sheaf.embedding.Space;
import dev.sheaf.limits.MemoryBudget;
import dev.sheaf.telemetry.Spans;
import io.agroal.api.AgroalDataSource;
import io.opentelemetry.context.Context;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.InputStream;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// Loads an upload in batches. While one batch is written, the next is read, split and embedded, so
/// at most two batches are in memory.
@ApplicationScoped
class Loader {

  private static final int MAX_ATTEMPTS = 10;

  /// A batch takes seconds, or minutes if an index of many small vectors must be updated.
  private static final Duration BATCH_TIMEOUT = Duration.ofMinutes(10);

  /// No request waits for a batch, as it may for a document that is put.
  private static final Duration LOCK_WAIT = Duration.ofMinutes(1);

  private final AgroalDataSource dataSource;
  private final CollectionService collections;
  private final BulkDocuments documents;
  private final DocumentMeters meters;
  private final CollectionChanges changes;
  private final Spans spans;
  private final ObjectReader json;
  private final IngestionConfig config;
  private final UploadMemory memory;

  Loader(
      AgroalDataSource dataSource,
      CollectionService collections,
      BulkDocuments documents,
      DocumentMeters meters,
      CollectionChanges changes,
      Spans spans,
      ObjectMapper json,
      IngestionConfig config,
      MemoryBudget budget) {
    this.dataSource = dataSource;
    this.collections = collections;
    this.documents = documents;
    this.meters = meters;
    this.changes = changes;
    this.spans = spans;
    this.json = DocumentLine.reader(json);
    this.config = config;
    this.memory = new UploadMemory(budget);
  }

  /// The collection that an upload is loaded into.
  ///
  /// @param space the collection's active space
  record Target(String collection, Space space) {}

  /// The batches of an upload, from its first line on.
  BatchReader batches(InputStream upload) {
    return batches(new LineReader(upload, maxLine(), 0, 0));
  }

  BatchReader batches(LineReader lines) {
    return new BatchReader(lines, json, maxLine(), memory.maxWeight(), memory);
  }

  int maxLine() {
    return Math.toIntExact(Math.min(config.maxLineSize().asLongValue(), memory.maxLine()));
  }

  /// Loads all batches.
  ///
  /// @param written times at which the batches of earlier attempts were written
  /// @param permit held while a batch is prepared or written
  /// @param stop checked before each batch; true ends the load
  /// @throws dev.sheaf.problem.Problem if the collection is dropped in the meantime, or the upload
  ///   is incomplete
  /// @throws JobProgress.StoppedException if `jobProgress` or `stop` ends the load
  LoadResult load(
      Target target,
      BatchReader batches,
      Set<Instant> written,
      JobProgress jobProgress,
      UploadPermit permit,
      BooleanSupplier stop)
      throws SQLException {
    var batchWriter = new BatchWriter(target, written, jobProgress);
    try (MemoryBudget.Account _ = memory.openForUpload();
        var writer = Executors.newSingleThreadExecutor(Thread.ofVirtual().factory())) {
      @Nullable Future<?> writing = null;
      for (Batch batch = batches.next(); batch != null; batch = batches.next()) {
        Batch current = batch;
        boolean submitted = false;
        boolean permitted = false;
        try {
          if (permit.isContended()) {
            // Others wait. The permit is given back when the last batch is written.
            await(writing);
          }
          permit.acquire(writing != null);
          permitted = true;
          BulkDocuments.PreparedBatch prepared = prepare(target, current);
          await(writing);
          if (stop.getAsBoolean()) {
            throw new JobProgress.StoppedException();
          }
          writing =
              writer.submit(
                  Context.current()
                      .wrap(() -> {
                        try (MemoryBudget.Account _ = current.memory()) {
                          return spans.sql(
                              "write batch",
                              target.space().documentTable(),
                              () -> batchWriter.write(current, prepared));
                        } finally {
                          permit.release();
                        }
                      }));
          submitted = true;
        } finally {
          if (!submitted) {
            current.memory().close();
            if (permitted) {
              permit.release();
            }
          }
        }
      }
      await(writing);
    }
    return new LoadResult(batchWriter.counts, List.copyOf(batchWriter.errors));
  }

  private BulkDocuments.PreparedBatch prepare(Target target, Batch batch) throws SQLException {
    return collections.onPartitions(
        target.collection(),
        target.space(),
        () ->
            documents.prepare(
                target.collection(),
                target.space(),
                collections.settings(target.space()),
                batch.documents()));
  }

  private static void await(@Nullable Future<?> writing) throws SQLException {
    if (writing == null) {
      return;
    }
    try {
      writing.get(BATCH_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      // Interrupting a virtual thread closes its socket. Nothing else ends a write to a database
      // that
      // no longer reads from the connection.
      writing.cancel(true);
      throw new SQLException("the database does not respond", SqlStates.CONNECTION_FAILURE, e);
    } catch (ExecutionException e) {
      Throwable cause = e.getCause();
      if (cause instanceof SQLException sql) {
        throw sql;
      }
      throw cause instanceof RuntimeException failure ? failure : new IllegalStateException(cause);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new JobProgress.StoppedException();
    }
  }

  /// Writes batches, and collects the result. Used by one thread at a time.
  private final class BatchWriter {
    private final Target target;
    private final Set<Instant> written;
    private final JobProgress jobProgress;
    private final List<LineError> errors = new ArrayList<>();
    private Counts counts = Counts.NONE;

    BatchWriter(Target target, Set<Instant> written, JobProgress jobProgress) {
      this.target = target;
      this.written = new HashSet<>(written);
      this.jobProgress = jobProgress;
    }

    /// Writes a batch. If another client writes the same document concurrently, the write is
    /// retried.
    ///
    /// @return the counts of all batches so far
    Counts write(Batch batch, BulkDocuments.PreparedBatch first) throws SQLException {
      BulkDocuments.PreparedBatch prepared = first;
      for (int attempt = 1; ; attempt++) {
        try {
          commit(batch, prepared);
          return counts;
        } catch (SQLException e) {
          boolean retryable =
              SqlStates.UNIQUE_VIOLATION.equals(e.getSQLState())
                  // Deadlocks, and concurrent changes that [BulkDocuments] detects.
                  || SqlStates.of(e).startsWith(SqlStates.TRANSACTION_ROLLBACK_CLASS);
          if (!retryable || attempt == MAX_ATTEMPTS) {
            throw e;
          }
        }
        prepared = prepare(target, batch);
      }
    }

    private void commit(Batch batch, BulkDocuments.PreparedBatch prepared) throws SQLException {
      JobProgress.WrittenBatch writtenBatch =
          collections.onPartitions(
              target.collection(), target.space(), () -> transaction(batch, prepared));
      written.add(writtenBatch.at());
      counts = counts.plus(writtenBatch.counts());
      meter(writtenBatch.counts());
      changes.add(target.space().collectionId());
      int free = config.keptErrors() - errors.size();
      errors.addAll(writtenBatch.errors().subList(0, Math.min(free, writtenBatch.errors().size())));
    }

    private JobProgress.WrittenBatch transaction(Batch batch, BulkDocuments.PreparedBatch prepared)
        throws SQLException {
      return Transactions.call(
          dataSource,
          connection -> {
            SessionTimeouts.allow(connection, BATCH_TIMEOUT, LOCK_WAIT);
            BulkDocuments.WriteResult done = documents.write(connection, prepared, written);
            JobProgress.WrittenBatch writtenBatch = writtenBatch(batch, prepared, done);
            jobProgress.record(connection, writtenBatch);
            return writtenBatch;
          });
    }

    private void meter(Counts done) {
      String collection = target.collection();
      meters.count(collection, "created", done.created());
      meters.count(collection, "updated", done.updated());
      meters.count(collection, "unchanged", done.unchanged());
      meters.count(collection, "replaced", done.replaced());
      meters.count(collection, "failed", done.failed());
    }

    private JobProgress.WrittenBatch writtenBatch(
        Batch batch, BulkDocuments.PreparedBatch prepared, BulkDocuments.WriteResult done) {
      var failed = new ArrayList<>(batch.errors());
      prepared
          .rejected()
          .forEach((id, problem) ->
              failed.add(LineError.of(batch.lines().getOrDefault(id, 0L), id, problem)));
      failed.sort(Comparator.comparingLong(LineError::line));
      Map<BulkDocuments.Status, Long> statuses = new HashMap<>();
      done.statuses().values().forEach(status -> statuses.merge(status, 1L, Long::sum));
      return new JobProgress.WrittenBatch(
          new Counts(
              batch.documents().size() + batch.replaced() + batch.errors().size(),
              statuses.getOrDefault(BulkDocuments.Status.CREATED, 0L),
              statuses.getOrDefault(BulkDocuments.Status.UPDATED, 0L),
              statuses.getOrDefault(BulkDocuments.Status.UNCHANGED, 0L),
              statuses.getOrDefault(BulkDocuments.Status.REPLACED, 0L) + batch.replaced(),
              failed.size(),
              prepared.unreadable()),
          failed,
          batch.line(),
          batch.position(),
          done.at());
    }
  }
}
