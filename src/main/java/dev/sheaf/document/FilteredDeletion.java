package dev.sheaf.document;

import dev.sheaf.audit.AuditAction;
import dev.sheaf.audit.AuditTrail;
import dev.sheaf.collection.CollectionService;
import dev.sheaf.database.Cancellation;
import dev.sheaf.database.ConcurrentChange;
import dev.sheaf.database.SessionTimeouts;
import dev.sheaf.database.SqlStates;
import dev.sheaf.database.Transactions;
import dev.sheaf.embedding.Space;
import dev.sheaf.filter.Filter;
import dev.sheaf.filter.FilterSql;
import dev.sheaf.http.ProblemMapper;
import dev.sheaf.limits.ClientConnections;
import dev.sheaf.limits.ClientConnections.Client;
import dev.sheaf.limits.ConcurrencyLimiter;
import dev.sheaf.limits.ConcurrencyLimiter.Permit;
import dev.sheaf.limits.LimitsConfig;
import dev.sheaf.limits.MemoryBudget;
import dev.sheaf.limits.WorkKind;
import dev.sheaf.problem.Problem;
import dev.sheaf.problem.ProblemType;
import dev.sheaf.runtime.Durations;
import io.agroal.api.AgroalDataSource;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/// Deletes the documents of a collection that match a filter, with their chunks and embeddings.
///
/// It works in batches, each of which is a transaction, so that it locks few documents at a time,
/// and what is deleted stays deleted whatever happens afterwards. Between two batches, other writes
/// get their turn. It goes through the collection in the order of the ids, and checks the filter
/// again when it deletes.
@ApplicationScoped
class FilteredDeletion {

  /// How many matching documents are found at a time.
  static final int PAGE = 10_000;

  private static final int FIRST_BATCH = 100;
  private static final int MAX_BATCH = 5_000;

  /// The time that a batch should take.
  private static final Duration BATCH_TIME = Duration.ofMillis(500);

  /// The time after which a batch is given up, and a smaller one tried.
  private static final Duration BATCH_LIMIT = Duration.ofSeconds(30);

  /// How much larger or smaller a batch may be than the one before.
  private static final double MAX_CHANGE = 4;

  /// An id is in memory as a row of the result, as an object, and as a parameter.
  private static final int ID_BYTES = 200;

  /// How often a batch is tried if it meets deadlocks.
  private static final int ATTEMPTS = 3;

  private final AgroalDataSource dataSource;
  private final CollectionService collections;
  private final AuditTrail audit;
  private final ConcurrencyLimiter limiter;
  private final ClientConnections clients;
  private final Duration time;

  FilteredDeletion(
      AgroalDataSource dataSource,
      CollectionService collections,
      AuditTrail audit,
      ConcurrencyLimiter limiter,
      ClientConnections clients,
      LimitsConfig limits) {
    this.dataSource = dataSource;
    this.collections = collections;
    this.audit = audit;
    this.limiter = limiter;
    this.clients = clients;
    this.time = limits.deleteTime();
  }

  /// Deletes all matching documents. Ends early if the client of the request is gone.
  ///
  /// @param memory reserves memory for ids
  /// @param meter gets the number of documents of each batch
  /// @return the number of deleted documents
  /// @throws Problem if a part of the documents is deleted, or the time is over
  /// @throws SQLException if the database fails before anything is deleted
  long delete(
      String collection,
      Space space,
      Filter filter,
      MemoryBudget.Account memory,
      LongConsumer meter)
      throws SQLException {
    memory.reserve((long) PAGE * ID_BYTES);
    Client client = clients.ofRequest();
    var run = new Run(collection, space, FilterSql.of(filter), client, meter);
    try (Cancellation cancellation = client == null ? null : client.cover()) {
      try {
        return collections.onPartitions(collection, space, run::deleteAll);
      } catch (SQLException | RuntimeException e) {
        if (cancellation != null && cancellation.isCancelled()) {
          throw Client.gone();
        }
        if (run.isLate() && isOverTime(e)) {
          throw run.late();
        }
        if (run.deleted == 0) {
          throw e;
        }
        throw run.incomplete(e);
      }
    }
  }

  /// Whether nothing but the time that is over stopped the work.
  private static boolean isOverTime(Exception failure) {
    return failure instanceof Problem
        || (failure instanceof SQLException sql && ConcurrentChange.isCancelled(sql));
  }

  /// The work of one request.
  private final class Run {

    private final String collection;
    private final Space space;
    private final FilterSql filter;
    private final @Nullable Client client;
    private final LongConsumer meter;
    private final long begun = System.nanoTime();
    private long deleted;
    private int batchSize = FIRST_BATCH;

    private Run(
        String collection,
        Space space,
        FilterSql filter,
        @Nullable Client client,
        LongConsumer meter) {
      this.collection = collection;
      this.space = space;
      this.filter = filter;
      this.client = client;
      this.meter = meter;
    }

    long deleteAll() throws SQLException {
      List<UUID> page;
      UUID last = Cursor.START.last();
      do {
        page = page(last);
        for (int done = 0; done < page.size(); ) {
          List<UUID> batch = page.subList(done, Math.min(done + batchSize, page.size()));
          if (delete(batch)) {
            done += batch.size();
          }
        }
        last = page.isEmpty() ? last : page.getLast();
      } while (page.size() == PAGE);
      return deleted;
    }

    /// The ids of the next documents that match, in order.
    private List<UUID> page(UUID after) throws SQLException {
      try (Permit _ = permit();
          Connection connection = connect();
          PreparedStatement select =
              connection.prepareStatement(
                  FilterSql.plannedForValues(
                      """
                      SELECT d.id
                        FROM %s d
                       WHERE d.collection_id = %s AND %s AND d.id > ?
                       ORDER BY d.id
                       LIMIT %s
                      """
                          .formatted(
                              space.documentTable(), space.collectionId(), filter.sql(), PAGE)))) {
        // The filter may have no index.
        SessionTimeouts.allow(connection, remaining());
        select.setObject(filter.bind(select, 1), after);
        var page = new ArrayList<UUID>();
        try (ResultSet row = FilterSql.execute(select)) {
          while (row.next()) {
            page.add(row.getObject(1, UUID.class));
          }
        }
        return page;
      }
    }

    /// Deletes documents in a transaction. Adjusts the size of the next batch.
    ///
    /// @return `false` if the batch was too large, so that nothing was deleted
    private boolean delete(List<UUID> batch) throws SQLException {
      for (int attempt = 1; ; attempt++) {
        try (Permit _ = permit();
            Connection connection = connect()) {
          long start = System.nanoTime();
          long count = Transactions.call(connection, same -> delete(same, batch));
          deleted += count;
          meter.accept(count);
          double change = (double) BATCH_TIME.toNanos() / Math.max(1, System.nanoTime() - start);
          resize(Math.clamp(change, 1 / MAX_CHANGE, MAX_CHANGE));
          return true;
        } catch (SQLException e) {
          if (ConcurrentChange.isCancelled(e) && batch.size() > 1 && !isLate()) {
            // Documents with very many chunks.
            resize(1 / MAX_CHANGE);
            return false;
          }
          if (attempt == ATTEMPTS || !isOverOrder(e)) {
            throw e;
          }
        }
      }
    }

    private long delete(Connection connection, List<UUID> batch) throws SQLException {
      Duration remaining = remaining();
      SessionTimeouts.allow(
          connection, remaining.compareTo(BATCH_LIMIT) < 0 ? remaining : BATCH_LIMIT);
      long count;
      try (PreparedStatement delete =
          connection.prepareStatement(
              "DELETE FROM %s d WHERE d.collection_id = %s AND d.id = ANY (?) AND %s"
                  .formatted(space.documentTable(), space.collectionId(), filter.sql()))) {
        delete.setArray(1, connection.createArrayOf("uuid", batch.toArray()));
        filter.bind(delete, 2);
        count = delete.executeLargeUpdate();
      }
      // A repeated request that deletes nothing leaves no trace.
      if (count > 0) {
        audit.record(
            connection, AuditAction.DOCUMENTS_DELETED, collection, Map.of("deleted", count));
      }
      return count;
    }

    private void resize(double factor) {
      batchSize = (int) Math.clamp(batchSize * factor, 1, MAX_BATCH);
    }

    /// Waits for the first permit as long as other writes do. Later, the request does not fail
    /// because others are running.
    private Permit permit() {
      if (isLate()) {
        throw late();
      }
      try {
        return deleted == 0
            ? limiter.acquire(WorkKind.WRITE, collection)
            : limiter.acquire(WorkKind.WRITE, collection, remaining());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException(e);
      }
    }

    private Connection connect() throws SQLException {
      if (client != null) {
        client.requirePresent();
      }
      return dataSource.getConnection();
    }

    private Duration remaining() {
      Duration remaining = time.minusNanos(System.nanoTime() - begun);
      // PostgreSQL understands 0 as no limit.
      return remaining.compareTo(Duration.ofMillis(1)) < 0 ? Duration.ofMillis(1) : remaining;
    }

    private boolean isLate() {
      return System.nanoTime() - begun >= time.toNanos();
    }

    private Problem late() {
      return new Problem(
          ProblemType.OVERLOADED,
          "%s documents were deleted in %s, and others may match the filter. Repeat the request to delete them, or raise sheaf.limits.delete-time."
              .formatted(deleted, Durations.text(time)));
    }

    /// The detail of the problem itself may say that nothing was changed.
    private Problem incomplete(Exception failure) {
      ProblemType type = ProblemMapper.problem(failure).type();
      return new Problem(
          type,
          "%s documents were deleted before this problem, and others may match the filter. Repeat the request to delete them."
              .formatted(deleted));
    }
  }

  /// Whether another transaction locked the same documents in another order.
  private static boolean isOverOrder(SQLException failure) {
    return switch (SqlStates.of(failure)) {
      case SqlStates.DEADLOCK_DETECTED, SqlStates.SERIALIZATION_FAILURE -> true;
      default -> false;
    };
  }
}
