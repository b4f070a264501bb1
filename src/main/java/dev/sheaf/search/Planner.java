package dev.sheaf.search;

import com.github.benmanes.caffeine.cache.Cache;
import dev.sheaf.database.SqlStates;
import dev.sheaf.embedding.HnswScan;
import dev.sheaf.limits.MemoryBudget;
import dev.sheaf.problem.Problem;
import dev.sheaf.problem.ProblemType;
import dev.sheaf.runtime.Caches;
import dev.sheaf.search.SearchExecution.ExecutionResult;
import dev.sheaf.search.SearchResponse.ExplainedStatement;
import jakarta.inject.Singleton;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Chooses the [SearchPlan] of a search, checks its result, and runs another plan if the result is
/// not sufficient.
///
/// With a filter and an index, the planner first tries an exact scan of the vectors that match the
/// filter. If too many match, it searches the index until enough rows match. It remembers such
/// filters, so that the next search with the same filter takes one round trip. The memory may be
/// wrong: if an index search finds too few hits, an exact scan follows.
@Singleton
class Planner {

  private final SearchExecution execution;
  private final SearchConfig config;

  /// By space: the number of rows if its index was valid in the last search, else -1. The entries
  /// of dropped spaces expire.
  private final Cache<Long, Long> indexedRows =
      Caches.ofAtMost(10_000).expireAfterAccess(Duration.ofHours(1)).build();

  private final Cache<BroadFilter, Boolean> broadFilters = Caches.ofAtMost(10_000).build();

  /// A filter that too many rows match for an exact scan. Only its hash is kept, because filters
  /// may be long, and a collision only costs time.
  private record BroadFilter(long space, int filter) {}

  Planner(SearchExecution execution, SearchConfig config) {
    this.execution = execution;
    this.config = config;
  }

  /// The result of a search.
  ///
  /// @param scanned see [SearchResponse]
  /// @param bytes the size of the texts of the hits
  /// @param sql the statements that found the hits
  record Outcome(
      List<Hit> hits,
      Strategy strategy,
      boolean exact,
      @Nullable Long scanned,
      @Nullable String truncatedBecause,
      List<ExplainedStatement> explained,
      long bytes,
      SearchSql sql) {}

  /// PostgreSQL's plan of the search that led to `outcome`, without any values.
  String plan(Outcome outcome) throws SQLException {
    return execution.plan(outcome.sql(), config.timeout().toMillis());
  }

  /// @param efSearch the collection's setting, or the configured default
  /// @param memory reserves memory for the hits
  /// @throws Problem if the search timed out, or its hits are too large
  Outcome search(Query query, int efSearch, MemoryBudget.Account memory) throws SQLException {
    try {
      return new Search(query, efSearch, memory).run();
    } catch (SQLException e) {
      throw timedOut(e, query.request());
    }
  }

  /// Reads hits that were ranked before.
  ///
  /// @throws Problem if the search timed out, or its hits are too large
  Outcome read(Query query, ShardedSearch.Lists lists, MemoryBudget.Account memory)
      throws SQLException {
    try {
      return new Search(query, 0, memory).read(lists);
    } catch (SQLException e) {
      throw timedOut(e, query.request());
    }
  }

  /// Throws a problem if `failure` means that the time of a search is over; else returns it.
  SQLException timedOut(SQLException failure, SearchRequest request) {
    if (SqlStates.QUERY_CANCELED.equals(failure.getSQLState())) {
      throw timeIsOver(request);
    }
    return failure;
  }

  Problem timeIsOver(SearchRequest request) {
    return new Problem(
        ProblemType.SEARCH_TIMEOUT,
        "The search took more than "
            + timeout(request)
            + " ms. Raise timeout, or use a narrower filter.");
  }

  /// The reason for which a hybrid search whose lists are longer than it merges is truncated.
  static String moreInLists(SearchRequest request) {
    return "A hybrid search merges the best %s chunks of each list, and there are more. Raise hybrid.depth."
        .formatted(request.hybrid().depth());
  }

  /// The maximum time of a search in milliseconds.
  long timeout(SearchRequest request) {
    Integer requested = request.timeout();
    return requested == null ? config.timeout().toMillis() : requested;
  }

  /// One search, which may run several plans.
  private final class Search {

    private final Query query;
    private final int efSearch;
    private final MemoryBudget.Account memory;
    private final long deadline;
    private final List<ExplainedStatement> explained = new ArrayList<>();

    Search(Query query, int efSearch, MemoryBudget.Account memory) {
      this.query = query;
      this.efSearch = efSearch;
      this.memory = memory;
      this.deadline = System.nanoTime() + timeout(query.request()) * 1_000_000;
    }

    Outcome run() throws SQLException {
      SearchRequest request = query.request();
      if (request.mode() == Mode.FULLTEXT) {
        ExecutionResult result = run(new SearchPlan.FulltextScan());
        return outcome(result, Strategy.FULLTEXT, true, result.rows(), moreWords(result));
      }
      long total = indexedRows();
      if (request.exact() || total < 0) {
        return searchExactly();
      }
      var filter = new BroadFilter(query.space().id(), Objects.hashCode(request.filter()));
      if (query.predicate() != null && broadFilters.getIfPresent(filter) == null) {
        long bound = HnswScan.worthComparing(query.wanted(), total);
        ExecutionResult result = run(new SearchPlan.ExactScan(bound));
        if (result.rows() <= bound) {
          return outcome(result, Strategy.EXACT, true, result.rows(), moreInLists(result));
        }
        broadFilters.put(filter, true);
      }
      SearchPlan.IndexScan indexScan = indexScan();
      ExecutionResult result = run(indexScan);
      if (result.indexedRows() < 0) {
        return searchExactly();
      }
      if (!hasEnough(result) && !indexScan.scan().iterative()) {
        result = run(indexScan.iterating());
      }
      if (hasEnough(result)) {
        return outcome(result, Strategy.HNSW, false, null, moreInLists(result));
      }
      broadFilters.invalidate(filter);
      try {
        return searchExactly();
      } catch (SQLException e) {
        if (!SqlStates.QUERY_CANCELED.equals(e.getSQLState())) {
          throw e;
        }
        return outcome(
            result,
            Strategy.HNSW,
            false,
            null,
            "The index search stopped after %s rows with too few hits, and an exact search timed out."
                .formatted(config.maxScanned()));
      }
    }

    Outcome read(ShardedSearch.Lists lists) throws SQLException {
      ExecutionResult result = run(new SearchSql(query, new SearchPlan.Merge(), lists));
      return outcome(result, Strategy.EXACT, true, null, null);
    }

    private long indexedRows() throws SQLException {
      long space = query.space().id();
      Long cached = indexedRows.getIfPresent(space);
      if (cached == null) {
        cached = execution.indexedRows(query.space());
        indexedRows.put(space, cached);
      }
      return cached;
    }

    private Outcome searchExactly() throws SQLException {
      ExecutionResult result = run(SearchPlan.ExactScan.UNBOUNDED);
      return outcome(result, Strategy.EXACT, true, result.rows(), moreInLists(result));
    }

    private @Nullable String moreWords(ExecutionResult result) {
      return result.more() && !isFull(result)
          ? "Only %s chunks were ranked, because the words are frequent. Use rarer words, or a filter."
              .formatted(result.rows())
          : null;
    }

    private @Nullable String moreInLists(ExecutionResult result) {
      return result.more() && !isFull(result) ? Planner.moreInLists(query.request()) : null;
    }

    private SearchPlan.IndexScan indexScan() {
      Integer requested = query.request().ef();
      return SearchPlan.IndexScan.of(
          query, requested == null ? efSearch : requested, config.maxScanned());
    }

    private boolean hasEnough(ExecutionResult result) {
      if (query.request().mode() == Mode.HYBRID) {
        return result.rows() >= query.wanted();
      }
      return isFull(result);
    }

    private boolean isFull(ExecutionResult result) {
      return query.grouped()
          ? result.hits().stream().map(Hit::document).distinct().count() >= query.limit()
          : result.hits().size() >= query.limit();
    }

    private ExecutionResult run(SearchPlan plan) throws SQLException {
      return run(new SearchSql(query, plan));
    }

    private ExecutionResult run(SearchSql sql) throws SQLException {
      ExecutionResult result = execution.run(query, sql, remainingMillis());
      indexedRows.put(query.space().id(), result.indexedRows());
      if (query.request().explain()) {
        explained.add(execution.explain(sql, remainingMillis()));
      }
      return result;
    }

    private long remainingMillis() {
      return Math.max(1, (deadline - System.nanoTime()) / 1_000_000);
    }

    private Outcome outcome(
        ExecutionResult result,
        Strategy strategy,
        boolean exact,
        @Nullable Long scanned,
        @Nullable String truncatedBecause)
        throws SQLException {
      ExecutionResult complete = complete(result);
      Double minScore = query.request().minScore();
      List<Hit> hits =
          minScore == null
              ? complete.hits()
              : complete.hits().stream().filter(hit -> hit.score() >= minScore).toList();
      return new Outcome(
          execution.withLongMetadata(query, hits, memory),
          strategy,
          exact && complete.exact(),
          scanned,
          truncatedBecause,
          explained,
          complete.bytes(),
          result.sql());
    }

    /// Runs the search again if its texts need more memory than every search has.
    private ExecutionResult complete(ExecutionResult found) throws SQLException {
      ExecutionResult result = found;
      while (!result.isComplete()) {
        // The texts may become longer in the meantime.
        long bytes = result.bytes() + result.bytes() / 4;
        long ofHit = result.maxBytes() + result.maxBytes() / 4;
        if (bytes > memory.largest() / SearchMemory.COST) {
          throw Problem.field(
              "limit",
              "The hits have %s bytes, more than the memory of requests. Lower limit, or select fewer fields."
                  .formatted(result.bytes()));
        }
        MemoryBudget.Reservation reserved = memory.reserve(bytes * SearchMemory.COST);
        result = execution.run(query, result.sql().withMaxBytes(ofHit), remainingMillis());
        reserved.shrink(result.bytes() * SearchMemory.COST);
      }
      return result;
    }
  }
}
