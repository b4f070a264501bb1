package dev.sheaf.search;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.pgvector.PGvector;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// The SQL of one search with one [SearchPlan]: a [SearchText] and its parameters. Searches that
/// differ only in their parameters have the same text, so the driver and PostgreSQL prepare it
/// once.
public final class SearchSql {

  /// The texts of most results have together at most this many bytes.
  private static final long FEW_BYTES = 128 * 1024;

  /// The texts of most hits have at most this many bytes.
  private static final long FEW_BYTES_OF_HIT = 4 * 1024;

  /// The same in a search for thousands of hits.
  private static final long FEW_BYTES_OF_MANY = 4L * 1024 * 1024;

  /// The texts of recent searches, up to about this many characters in total.
  private static final long CACHED = 2 * 1024 * 1024;

  private static final Cache<SearchShape, SearchText> TEXTS =
      Caffeine.newBuilder()
          .maximumWeight(CACHED)
          .<SearchShape, SearchText>weigher((_, text) -> 2 * text.statements().length())
          // By default the common pool, whose threads cannot be part of a native executable.
          .executor(Runnable::run)
          .build();

  private final Query query;
  private final SearchShape shape;
  private final ShardedSearch.Lists lists;
  private final SearchText text;

  public SearchSql(Query query, SearchPlan plan) {
    this(query, plan, ShardedSearch.Lists.NONE);
  }

  /// @param lists what a [SearchPlan.Merge] reads
  SearchSql(Query query, SearchPlan plan, ShardedSearch.Lists lists) {
    this(query, SearchShape.of(query, plan, fewBytesOfHit(query.request())), lists);
  }

  private SearchSql(Query query, SearchShape shape, ShardedSearch.Lists lists) {
    this.query = query;
    this.shape = shape;
    this.lists = lists;
    this.text = TEXTS.get(shape, SearchText::new);
  }

  private static long fewBytesOfHit(SearchRequest request) {
    long hits = hits(request);
    return Math.max(FEW_BYTES / hits, Math.min(FEW_BYTES_OF_HIT, FEW_BYTES_OF_MANY / hits));
  }

  /// How many bytes the texts of all hits can have in a search whose hits are ordinary.
  static long fewBytes(SearchRequest request) {
    return fewBytesOfHit(request) * hits(request);
  }

  private static long hits(SearchRequest request) {
    return (long) request.limit() * request.groupSize();
  }

  /// The same search for hits whose texts have up to `bytes` bytes.
  SearchSql withMaxBytes(long bytes) {
    return new SearchSql(query, shape.withMaxBytes(bytes), lists);
  }

  long maxBytes() {
    return shape.maxBytes();
  }

  SearchText text() {
    return text;
  }

  /// The parameters of both statements, in order.
  ///
  /// @param timeout maximum time of the search statement, in milliseconds
  List<Object> parameters(long timeout) {
    return parameters(text, timeout, lists);
  }

  Query query() {
    return query;
  }

  ShardedSearch.Lists lists() {
    return lists;
  }

  SearchShape shape() {
    return shape;
  }

  /// The parameters of another text for the same search.
  ///
  /// @param lists what the shards have ranked
  List<Object> parameters(SearchText of, long timeout, ShardedSearch.Lists lists) {
    var parameters = new ArrayList<Object>();
    @Nullable PGvector vector = query.vector() == null ? null : new PGvector(query.vector());
    for (Placeholder placeholder : of.placeholders()) {
      switch (placeholder) {
        case TIMEOUT -> parameters.add(Long.toString(timeout));
        case VECTOR -> parameters.add(Objects.requireNonNull(vector));
        case TEXT ->
            parameters.add(
                query.words().condition() == null
                    ? Objects.requireNonNull(query.request().text())
                    : query.words().condition());
        case WORDS ->
            parameters.add(
                query.request().match() == WordMatch.ALL
                    ? query.words().all()
                    : SearchWords.any(query.words().rare()));
        case SEVERAL_WORDS -> parameters.add(query.words().severalFrequent());
        case FREQUENT_WORDS -> parameters.add(SearchWords.any(query.words().frequent()));
        case ANY_WORD -> parameters.add(SearchWords.any(query.words().words()));
        case EACH_WORD -> parameters.add(query.words().queries());
        case WEIGHTS -> parameters.add(query.words().weights());
        case NUMBERS -> parameters.add(query.words().numbers());
        case TITLE_WEIGHT -> parameters.add(query.request().weights().title());
        case MAX_SCORE_OF_FREQUENT -> parameters.add(query.words().maxScoreOfFrequent());
        case SCORE_OF_ALL -> parameters.add(query.words().scoreOfAll());
        case MEAN_LENGTH -> parameters.add(query.words().meanLength());
        case FILTER -> parameters.addAll(Objects.requireNonNull(query.predicate()).parameters());
        case BOOSTS ->
            query.request().boost().forEach(boost -> parameters.addAll(boost.sql().parameters()));
        case EXCLUDED -> parameters.add(query.excluded().toArray(UUID[]::new));
        case NEAREST -> parameters.addAll(lists.nearest().parameters());
        case MATCHING -> parameters.addAll(lists.matching().parameters());
        case DOCUMENTS -> parameters.add(lists.documents().toArray(UUID[]::new));
      }
    }
    return parameters;
  }
}
