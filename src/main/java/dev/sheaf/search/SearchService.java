package dev.sheaf.search;

import com.github.benmanes.caffeine.cache.Cache;
import dev.sheaf.collection.CollectionService;
import dev.sheaf.collection.CollectionService.ActiveSpace;
import dev.sheaf.collection.CollectionSettings;
import dev.sheaf.database.Replicas;
import dev.sheaf.database.Replicas.Reads;
import dev.sheaf.database.SqlStates;
import dev.sheaf.document.DocumentId;
import dev.sheaf.embedding.Metric;
import dev.sheaf.embedding.Space;
import dev.sheaf.embedding.VectorValidator;
import dev.sheaf.filter.Filter;
import dev.sheaf.filter.FilterSql;
import dev.sheaf.limits.LimitConcurrency;
import dev.sheaf.limits.MemoryBudget;
import dev.sheaf.limits.WorkKind;
import dev.sheaf.problem.Problem;
import dev.sheaf.runtime.Caches;
import dev.sheaf.runtime.ModuleSwitches;
import dev.sheaf.search.QueryWords.QueryText;
import jakarta.inject.Singleton;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.postgresql.replication.LogSequenceNumber;

/// Searches of collections.
@Singleton
public class SearchService {

  private final CollectionService collections;
  private final Replicas replicas;
  private final QueryVectors vectors;
  private final QueryWords queryWords;
  private final LiveQueries liveQueries;
  private final Planner planner;
  private final MatchCounter counter;
  private final Ordering ordering;
  private final ModuleSwitches modules;
  private final SearchLog log;
  private final SearchConfig config;

  /// How long a replica may use outdated settings that another replica has changed.
  private static final Duration CACHE_TIME = Duration.ofSeconds(2);

  /// The active spaces and the settings of collections, by name. If a space is outdated, the search
  /// fails and is repeated.
  private final Cache<String, ActiveSpace> cache =
      Caches.ofAtMost(10_000).expireAfterWrite(CACHE_TIME).build();

  /// The result of a search, and what it left out of its text.
  ///
  /// @param titles whether the collection searches the titles of documents
  record FoundHits(
      Planner.Outcome outcome,
      List<String> warnings,
      MatchCounter.MatchCounts counts,
      Metric metric,
      boolean titles) {}

  /// What a search of several collections needs of one of them.
  ///
  /// @param titles whether it searches the titles of documents
  /// @param words the words of the text; none if the search does not need them
  record SearchedCollection(Space space, boolean titles, SearchWords words) {}

  private interface SpaceWork<T> {
    T on(ActiveSpace searched) throws SQLException;
  }

  SearchService(
      CollectionService collections,
      Replicas replicas,
      QueryVectors vectors,
      QueryWords queryWords,
      LiveQueries liveQueries,
      Planner planner,
      MatchCounter counter,
      Ordering ordering,
      ModuleSwitches modules,
      SearchLog log,
      SearchConfig config) {
    this.collections = collections;
    this.replicas = replicas;
    this.vectors = vectors;
    this.queryWords = queryWords;
    this.liveQueries = liveQueries;
    this.planner = planner;
    this.counter = counter;
    this.ordering = ordering;
    this.modules = modules;
    this.log = log;
    this.config = config;
  }

  /// Searches a collection.
  ///
  /// @param after what was written up to this position is found; `null` for any recent state
  /// @param memory reserves memory for the answer
  /// @throws Problem if the collection does not exist, the query does not fit it, the mode needs a
  ///   module that is off, too many searches are running, or the search times out
  @LimitConcurrency(WorkKind.SEARCH)
  public SearchResponse search(
      String collection,
      SearchRequest request,
      @Nullable LogSequenceNumber after,
      MemoryBudget.Account memory)
      throws SQLException {
    long start = System.nanoTime();
    requireAllowed(request);
    SearchRequest searched = ordering.candidates(request);
    FoundHits found =
        replicas.read(Reads.SEARCH, after, () -> search(collection, searched, memory));
    Planner.Outcome outcome = found.outcome();
    log.record(collection, request, outcome, Duration.ofNanos(System.nanoTime() - start));
    Ordering.Page page =
        ordering.page(request, outcome.hits(), found.metric(), found.titles(), memory);
    Duration took = Duration.ofNanos(System.nanoTime() - start);
    return new SearchResponse(
        request.expand() == null ? page.hits() : Expand.withoutRepetitions(page.hits()),
        outcome.strategy(),
        outcome.exact(),
        outcome.scanned(),
        outcome.truncatedBecause() != null,
        outcome.truncatedBecause(),
        found.warnings().isEmpty() ? null : found.warnings(),
        page.reranked(),
        found.counts().facets(),
        found.counts().total(),
        Math.round(took.toNanos() / 1e3) / 1e3,
        request.explain() ? outcome.explained() : null);
  }

  /// Reads what a search of several collections needs of one of them. As the other parts of such a
  /// search, it needs no permit: the whole search has one.
  ///
  /// @throws Problem as [#search]
  SearchedCollection prepare(
      String collection, SearchRequest request, @Nullable LogSequenceNumber after)
      throws SQLException {
    return replicas.read(
        Reads.SEARCH,
        after,
        () ->
            onActiveSpace(
                collection,
                searched -> {
                  requireTitles(searched, collection, request);
                  return new SearchedCollection(
                      searched.space(),
                      searched.settings().searchesTitles(),
                      words(searched, request));
                }));
  }

  /// Ranks the chunks of one of several collections.
  ///
  /// @param list selects no fields
  /// @param words with their weights in all of the collections
  /// @throws Problem as [#search]
  FoundHits rank(
      String collection,
      SearchRequest list,
      SearchWords words,
      @Nullable LogSequenceNumber after,
      MemoryBudget.Account memory)
      throws SQLException {
    long start = System.nanoTime();
    FoundHits found =
        replicas.read(
            Reads.SEARCH,
            after,
            () ->
                onActiveSpace(
                    collection, searched -> search(searched, collection, list, words, memory)));
    log.record(collection, list, found.outcome(), Duration.ofNanos(System.nanoTime() - start));
    return found;
  }

  /// Reads hits of one of several collections. A chunk that was deleted in the meantime is left
  /// out.
  ///
  /// @param ranked their documents, chunks and keys
  /// @throws Problem as [#search]
  List<Hit> read(
      String collection,
      SearchRequest request,
      SearchWords words,
      ShardedSearch.Lists ranked,
      @Nullable LogSequenceNumber after,
      MemoryBudget.Account memory)
      throws SQLException {
    return replicas.read(
        Reads.SEARCH,
        after,
        () ->
            onActiveSpace(
                collection,
                searched -> {
                  Space space = searched.space();
                  MemoryBudget.Reservation reserved =
                      memory.reserve(SearchMemory.before(request, space.dimensions()));
                  String language = searched.settings().analysis().language();
                  Planner.Outcome outcome =
                      planner.read(
                          new Query(request, space, null, null, List.of(), language, words),
                          ranked,
                          memory);
                  reserved.shrink(SearchMemory.after(request, space.dimensions(), outcome));
                  return outcome.hits();
                }));
  }

  private FoundHits search(String collection, SearchRequest request, MemoryBudget.Account memory)
      throws SQLException {
    return onActiveSpace(
        collection,
        searched -> search(searched, collection, request, words(searched, request), memory));
  }

  private <T> T onActiveSpace(String collection, SpaceWork<T> work) throws SQLException {
    try {
      return work.on(findCollection(collection));
    } catch (SQLException e) {
      if (!SqlStates.UNDEFINED_TABLE.equals(e.getSQLState())) {
        throw e;
      }
      // The collection was dropped, and may have been created again with the same name.
      cache.invalidate(collection);
      ActiveSpace again = findCollection(collection);
      return collections.onPartitions(collection, again.space(), () -> work.on(again));
    }
  }

  /// Checks what does not depend on a collection.
  ///
  /// @throws Problem if the mode needs a module that is off, or the timeout is too long
  void requireAllowed(SearchRequest request) {
    if (request.mode() != Mode.VECTOR || request.marksWords()) {
      modules.require(CollectionService.FULLTEXT);
    }
    Integer timeout = request.timeout();
    long max = config.maxTimeout().toMillis();
    if (timeout != null && timeout > max) {
      throw Problem.field(
          "timeout",
          "timeout must be at most %s, not %s. The operator's limit is sheaf.search.max-timeout."
              .formatted(max, timeout));
    }
  }

  private ActiveSpace findCollection(String name) throws SQLException {
    ActiveSpace known = cache.getIfPresent(name);
    if (known == null) {
      try (Connection connection = replicas.getConnection()) {
        known = CollectionService.activeSpaceAndSettings(connection, name);
      }
      cache.put(name, known);
    }
    return known;
  }

  private static void requireTitles(
      ActiveSpace searched, String collection, SearchRequest request) {
    if (request.weights().weighsTitles() && !searched.settings().searchesTitles()) {
      throw Problem.field(
          "weights.title",
          "weights.title requires a collection with titles, and the collection %s has none. Leave it out, or create a collection with \"titles\": true."
              .formatted(collection));
    }
  }

  private FoundHits search(
      ActiveSpace searched,
      String collection,
      SearchRequest request,
      SearchWords words,
      MemoryBudget.Account memory)
      throws SQLException {
    requireTitles(searched, collection, request);
    Space space = searched.space();
    MemoryBudget.Reservation reserved =
        memory.reserve(SearchMemory.before(request, space.dimensions()));
    String language = searched.settings().analysis().language();
    Query query =
        new Query(
            request,
            space,
            vector(space, collection, request),
            request.filter().equals(Filter.EVERYTHING) ? null : FilterSql.of(request.filter()),
            request
                .examples()
                .map(example -> DocumentId.of(space.collectionId(), example.document()))
                .distinct()
                .toList(),
            language,
            words);
    long start = System.nanoTime();
    Planner.Outcome outcome = planner.search(query, searched.efSearch(config.efSearch()), memory);
    reserved.shrink(SearchMemory.after(request, space.dimensions(), outcome));
    return new FoundHits(
        outcome,
        warnings(request, space, outcome, language, words),
        count(query, (System.nanoTime() - start) / 1_000_000, memory),
        space.metric(),
        searched.settings().searchesTitles());
  }

  private MatchCounter.MatchCounts count(Query query, long spent, MemoryBudget.Account memory)
      throws SQLException {
    SearchRequest request = query.request();
    long bytes = MatchCounter.memory(request);
    if (bytes > 0) {
      memory.reserve(bytes);
    }
    try {
      return counter.count(query, Math.max(1, planner.timeout(request) - spent));
    } catch (SQLException e) {
      throw planner.timedOut(e, request);
    }
  }

  private static boolean readsWords(SearchRequest request) {
    return request.mode() != Mode.VECTOR && request.match() != WordMatch.QUERY;
  }

  private SearchWords words(ActiveSpace searched, SearchRequest request) throws SQLException {
    String given = request.text();
    if (given == null || (request.mode() == Mode.VECTOR && !request.marksWords())) {
      return SearchWords.NONE;
    }
    CollectionSettings settings = searched.settings();
    QueryText text = queryWords.text(settings, given, request.match());
    QueryText former = queryWords.formerText(settings, given, request.match());
    try {
      String condition = queryWords.condition(text, former);
      if (!readsWords(request)) {
        return SearchWords.of(text.analyzed(), condition);
      }
      return queryWords.read(
          searched.space(),
          Bm25.of(settings.bm25()),
          text,
          former,
          condition,
          planner.timeout(request));
    } catch (SQLException e) {
      throw planner.timedOut(e, request);
    }
  }

  private List<String> warnings(
      SearchRequest request,
      Space space,
      Planner.Outcome outcome,
      String language,
      SearchWords words)
      throws SQLException {
    var warnings = new ArrayList<String>();
    if (request.mode() != Mode.FULLTEXT && request.vector() == null && request.text() != null) {
      vectors.scriptWarning(space, request.text()).ifPresent(warnings::add);
    }
    if (hasNoWords(request, outcome, language, words)) {
      warnings.add(
          "The text has no words to search for. They are stop words of the language %s, or not words."
              .formatted(language));
    }
    if (words.ignored() > 0) {
      warnings.add(
          "The text has %s different words. Only the first %s were searched."
              .formatted(SearchWords.MAX + words.ignored(), SearchWords.MAX));
    }
    return warnings;
  }

  /// Whether the text has no words. For the syntax of search engines, this costs a query, so it is
  /// checked only if it can be the reason for an answer without hits.
  private boolean hasNoWords(
      SearchRequest request, Planner.Outcome outcome, String language, SearchWords words)
      throws SQLException {
    if (request.mode() == Mode.VECTOR) {
      return false;
    }
    if (readsWords(request)) {
      return words.isEmpty();
    }
    if (words.condition() != null) {
      return words.condition().isEmpty();
    }
    return (request.mode() == Mode.HYBRID || outcome.hits().isEmpty())
        && queryWords.isEmptyQuery(language, Objects.requireNonNull(request.text()));
  }

  private float @Nullable [] vector(Space space, String collection, SearchRequest request)
      throws SQLException {
    if (request.mode() == Mode.FULLTEXT) {
      return null;
    }
    float[] vector = givenVector(space, collection, request);
    if (request.alsoLike().isEmpty() && request.unlike().isEmpty()) {
      return vector;
    }
    var like = new ArrayList<float[]>();
    like.add(vector);
    like.addAll(examples(space, collection, "alsoLike", request.alsoLike()));
    List<float[]> unlike = examples(space, collection, "unlike", request.unlike());
    return VectorValidator.check("alsoLike", Rocchio.vector(space, like, unlike), space);
  }

  private float[] givenVector(Space space, String collection, SearchRequest request)
      throws SQLException {
    if (request.like() != null) {
      return vectors.storedVector(space, collection, "like", request.like());
    }
    float[] given = request.vector();
    float[] vector =
        given == null
            ? vectors.embed(space, Objects.requireNonNull(request.text()))
            : VectorValidator.check("vector", given, space);
    liveQueries.offer(space, vector);
    return vector;
  }

  private List<float[]> examples(
      Space space, String collection, String field, List<SimilarTo> examples) throws SQLException {
    var stored = new ArrayList<float[]>();
    for (SimilarTo example : examples) {
      stored.add(vectors.storedVector(space, collection, field, example));
    }
    return stored;
  }
}
