package dev.sheaf.search;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.sheaf.database.SqlStates;
import dev.sheaf.problem.Problem;
import dev.sheaf.problem.ProblemType;
import dev.sheaf.search.SearchExecution.Found;
import dev.sheaf.search.SearchResponse.Explained;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Chooses the [Plan] of a search, finds out whether it held, and takes another where it did not.
///
/// With a filter and an index, the first try compares every vector that the filter leaves, unless
/// there are too many; then the index is followed until enough rows pass. That a filter left too
/// many is remembered, so that the next search with it is one round trip again. Whatever is
/// remembered is only a guess: an index search that finds too few is followed by one that compares
/// every vector.
@ApplicationScoped
class Planner {

  /// Rows that are always worth comparing: a millisecond or two.
  private static final int FEW = 1_000;

  /// What a row costs that the index visits, to one that is compared: measured, see
  /// [#worthComparing].
  private static final double INDEX_COST = 8;

  private final SearchExecution execution;
  private final SearchConfig config;

  /// Rows of the spaces whose index was valid when they were last searched, -1 for the others.
  /// Spaces that are gone are searched no more, and so forgotten.
  private final Cache<Long, Long> indexedRows =
      Caffeine.newBuilder().maximumSize(10_000).expireAfterAccess(Duration.ofHours(1)).build();

  private final Cache<Broad, Boolean> broad = Caffeine.newBuilder().maximumSize(10_000).build();

  /// A filter that left too many rows to compare them all; its hash, because a guess needs no more,
  /// and filters may be long.
  private record Broad(long space, int filter) {}

  Planner(SearchExecution execution, SearchConfig config) {
    this.execution = execution;
    this.config = config;
  }

  /// What was found, and how.
  ///
  /// @param scanned see [SearchResponse]
  /// @param sql what found it
  record Outcome(
      List<Hit> hits,
      Strategy strategy,
      boolean exact,
      @Nullable Long scanned,
      @Nullable String truncatedBecause,
      List<Explained> explained,
      SearchSql sql) {}

  /// How PostgreSQL goes about what led to `outcome`, without a word of it.
  String plan(Outcome outcome) throws SQLException {
    return execution.plan(outcome.sql(), config.timeout().toMillis());
  }

  /// @param efSearch what the collection says, or else the configuration
  /// @throws Problem when the time was over before anything was found
  Outcome search(Query query, int efSearch) throws SQLException {
    try {
      return new Search(query, efSearch).outcome();
    } catch (SQLException e) {
      if (SqlStates.QUERY_CANCELED.equals(e.getSQLState())) {
        throw new Problem(
            ProblemType.SEARCH_TIMEOUT,
            "the search took more than "
                + timeout(query)
                + " ms; give it more with timeout, or narrow the filter");
      }
      throw e;
    }
  }

  private long timeout(Query query) {
    Integer asked = query.request().timeout();
    return asked == null ? config.timeout().toMillis() : asked;
  }

  /// How many rows of `total` are cheaper to compare one by one than to be found by the index.
  ///
  /// Of rows that a filter leaves, comparing `n` costs `n`. The index visits `wanted * total / n`
  /// rows until it has found enough, each for [#INDEX_COST]. Both cost the same where `n` is the
  /// root of their product; below, comparing is cheaper, and exact.
  static long worthComparing(int wanted, long total) {
    return Math.max(FEW, Math.round(Math.sqrt(INDEX_COST * wanted * total)));
  }

  /// One search, in as many steps as it takes.
  private final class Search {

    private final Query query;
    private final int efSearch;
    private final long deadline;
    private final List<Explained> explained = new ArrayList<>();

    Search(Query query, int efSearch) {
      this.query = query;
      this.efSearch = efSearch;
      this.deadline = System.nanoTime() + timeout(query) * 1_000_000;
    }

    Outcome outcome() throws SQLException {
      SearchRequest request = query.request();
      if (request.mode() == Mode.FULLTEXT) {
        Found found = run(new Plan.Fulltext());
        return outcome(found, Strategy.FULLTEXT, true, found.rows(), null);
      }
      long total = rows();
      if (request.exact() || total < 0) {
        return exact();
      }
      var filter = new Broad(query.space().id(), Objects.hashCode(request.filter()));
      if (query.predicate() != null && broad.getIfPresent(filter) == null) {
        long bound = worthComparing(query.wanted(), total);
        Found found = run(new Plan.Exact(bound));
        if (found.rows() <= bound) {
          return outcome(found, Strategy.EXACT, true, found.rows(), null);
        }
        broad.put(filter, true);
      }
      Plan.Index index = index();
      Found found = run(index);
      if (found.indexedRows() < 0) {
        return exact();
      }
      if (!enough(found) && !index.iterative()) {
        found = run(index.goingOn());
      }
      if (enough(found)) {
        return outcome(found, Strategy.HNSW, false, null, null);
      }
      broad.invalidate(filter);
      try {
        return exact();
      } catch (SQLException e) {
        if (!SqlStates.QUERY_CANCELED.equals(e.getSQLState())) {
          throw e;
        }
        return outcome(
            found,
            Strategy.HNSW,
            false,
            null,
            "the index search ended after %s rows with too few hits, and there was no time left to compare every vector"
                .formatted(config.maxScanned()));
      }
    }

    private long rows() throws SQLException {
      long space = query.space().id();
      Long known = indexedRows.getIfPresent(space);
      if (known == null) {
        known = execution.indexedRows(query.space());
        indexedRows.put(space, known);
      }
      return known;
    }

    private Outcome exact() throws SQLException {
      Found found = run(Plan.Exact.UNBOUNDED);
      return outcome(found, Strategy.EXACT, true, found.rows(), null);
    }

    private Plan.Index index() {
      Integer asked = query.request().ef();
      return Plan.Index.of(query, asked == null ? efSearch : asked, config.maxScanned());
    }

    private boolean enough(Found found) {
      if (query.request().mode() == Mode.HYBRID) {
        return found.rows() >= query.wanted();
      }
      return query.grouped()
          ? found.hits().stream().map(Hit::document).distinct().count() >= query.limit()
          : found.hits().size() >= query.limit();
    }

    private Found run(Plan plan) throws SQLException {
      var sql = new SearchSql(query, plan);
      Found found = execution.run(query, sql, left());
      indexedRows.put(query.space().id(), found.indexedRows());
      if (query.request().explain()) {
        explained.add(execution.explain(sql, left()));
      }
      return found;
    }

    private long left() {
      return Math.max(1, (deadline - System.nanoTime()) / 1_000_000);
    }

    private Outcome outcome(
        Found found,
        Strategy strategy,
        boolean exact,
        @Nullable Long scanned,
        @Nullable String truncatedBecause) {
      Double least = query.request().minScore();
      List<Hit> hits =
          least == null
              ? found.hits()
              : found.hits().stream().filter(hit -> hit.score() >= least).toList();
      return new Outcome(hits, strategy, exact, scanned, truncatedBecause, explained, found.sql());
    }
  }
}
