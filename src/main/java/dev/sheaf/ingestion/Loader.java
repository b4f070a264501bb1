package dev.sheaf.ingestion;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import dev.sheaf.collection.CollectionService;
import dev.sheaf.database.NetworkTimeouts;
import dev.sheaf.database.SqlStates;
import dev.sheaf.database.Transactions;
import dev.sheaf.document.BulkDocuments;
import dev.sheaf.document.DocumentMeters;
import dev.sheaf.embedding.Space;
import dev.sheaf.telemetry.Spans;
import io.agroal.api.AgroalDataSource;
import io.opentelemetry.context.Context;
import jakarta.enterprise.context.ApplicationScoped;
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

/// Loads an upload: while one batch is being written, the next is read, split and embedded. Holds
/// two batches at most, however long the upload.
@ApplicationScoped
class Loader {

  private static final int ATTEMPTS = 10;

  /// A batch takes seconds, or minutes where an index of many small vectors is kept.
  private static final Duration BATCH_AT_MOST = Duration.ofMinutes(10);

  private final AgroalDataSource dataSource;
  private final CollectionService collections;
  private final BulkDocuments documents;
  private final DocumentMeters meters;
  private final Spans spans;
  private final ObjectReader json;
  private final IngestionConfig config;

  Loader(
      AgroalDataSource dataSource,
      CollectionService collections,
      BulkDocuments documents,
      DocumentMeters meters,
      Spans spans,
      ObjectMapper json,
      IngestionConfig config) {
    this.dataSource = dataSource;
    this.collections = collections;
    this.documents = documents;
    this.meters = meters;
    this.spans = spans;
    this.json = DocumentLine.reader(json);
    this.config = config;
  }

  /// Where an upload goes.
  ///
  /// @param space the active one of the collection
  record Target(String collection, Space space) {}

  BatchReader batches(LineReader lines) {
    return new BatchReader(lines, json, maxLine());
  }

  int maxLine() {
    return Math.toIntExact(config.maxLineSize().asLongValue());
  }

  /// Loads batches until there are no more.
  ///
  /// @param written when the batches of an earlier attempt were written
  /// @param stop whether to leave the rest to another
  /// @throws dev.sheaf.problem.Problem when the collection is dropped meanwhile, or the upload
  ///   breaks off
  /// @throws Ledger.StoppedException when the ledger says so, or `stop` does
  LoadResult load(
      Target target,
      BatchReader batches,
      Set<Instant> written,
      JobProgress ledger,
      BooleanSupplier stop)
      throws SQLException {
    var progress = new Progress(target, written, ledger);
    try (var writer = Executors.newSingleThreadExecutor(Thread.ofVirtual().factory())) {
      @Nullable Future<?> writing = null;
      for (Batch batch = batches.next(); batch != null; batch = batches.next()) {
        Batch current = batch;
        BulkDocuments.Prepared prepared = prepare(target, current);
        await(writing);
        if (stop.getAsBoolean()) {
          throw new JobProgress.StoppedException();
        }
        writing =
            writer.submit(
                Context.current()
                    .wrap(() ->
                        spans.sql(
                            "write batch",
                            target.space().documentTable(),
                            () -> progress.write(current, prepared))));
      }
      await(writing);
    }
    return new LoadResult(progress.counts, List.copyOf(progress.errors));
  }

  private BulkDocuments.Prepared prepare(Target target, Batch batch) throws SQLException {
    return collections.onPartitions(
        target.collection(),
        target.space(),
        () -> documents.prepare(target.collection(), target.space(), batch.documents()));
  }

  private static void await(@Nullable Future<?> writing) throws SQLException {
    if (writing == null) {
      return;
    }
    try {
      writing.get(BATCH_AT_MOST.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      // What interrupts a virtual thread closes its socket: the only end of a write to a database
      // that takes nothing any more.
      writing.cancel(true);
      throw new SQLException("the database is silent", SqlStates.CONNECTION_FAILURE, e);
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

  /// What was written so far. Used by one thread at a time.
  private final class Progress {
    private final Target target;
    private final Set<Instant> written;
    private final JobProgress ledger;
    private final List<LineError> errors = new ArrayList<>();
    private Counts counts = Counts.NONE;

    Progress(Target target, Set<Instant> written, JobProgress ledger) {
      this.target = target;
      this.written = new HashSet<>(written);
      this.ledger = ledger;
    }

    /// Somebody else may write the same document at the same time; whoever is second tries again.
    ///
    /// @return what was written so far, this included
    Counts write(Batch batch, BulkDocuments.Prepared first) throws SQLException {
      BulkDocuments.Prepared prepared = first;
      for (int attempt = 1; ; attempt++) {
        try {
          commit(batch, prepared);
          return counts;
        } catch (SQLException e) {
          boolean again =
              SqlStates.UNIQUE_VIOLATION.equals(e.getSQLState())
                  // Deadlocks, and what [BulkDocuments] finds changed.
                  || SqlStates.of(e).startsWith(SqlStates.TRANSACTION_ROLLBACK_CLASS);
          if (!again || attempt == ATTEMPTS) {
            throw e;
          }
        }
        prepared = prepare(target, batch);
      }
    }

    private void commit(Batch batch, BulkDocuments.Prepared prepared) throws SQLException {
      JobProgress.Entry entry =
          collections.onPartitions(
              target.collection(), target.space(), () -> transaction(batch, prepared));
      written.add(entry.at());
      counts = counts.plus(entry.counts());
      meter(entry.counts());
      int room = config.keptErrors() - errors.size();
      errors.addAll(entry.errors().subList(0, Math.min(room, entry.errors().size())));
    }

    private JobProgress.Entry transaction(Batch batch, BulkDocuments.Prepared prepared)
        throws SQLException {
      return Transactions.call(
          dataSource,
          connection -> {
            NetworkTimeouts.allow(connection, BATCH_AT_MOST);
            BulkDocuments.Written done = documents.write(connection, prepared, written);
            JobProgress.Entry entry = entry(batch, prepared, done);
            ledger.record(connection, entry);
            return entry;
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

    private JobProgress.Entry entry(
        Batch batch, BulkDocuments.Prepared prepared, BulkDocuments.Written done) {
      var failed = new ArrayList<>(batch.errors());
      prepared
          .refused()
          .forEach((id, problem) ->
              failed.add(LineError.of(batch.lines().getOrDefault(id, 0L), id, problem)));
      failed.sort(Comparator.comparingLong(LineError::line));
      Map<BulkDocuments.Status, Long> statuses = new HashMap<>();
      done.statuses().values().forEach(status -> statuses.merge(status, 1L, Long::sum));
      return new JobProgress.Entry(
          new Counts(
              batch.documents().size() + batch.replaced() + batch.errors().size(),
              statuses.getOrDefault(BulkDocuments.Status.CREATED, 0L),
              statuses.getOrDefault(BulkDocuments.Status.UPDATED, 0L),
              statuses.getOrDefault(BulkDocuments.Status.UNCHANGED, 0L),
              statuses.getOrDefault(BulkDocuments.Status.REPLACED, 0L) + batch.replaced(),
              failed.size()),
          failed,
          batch.line(),
          batch.position(),
          done.at());
    }
  }
}
