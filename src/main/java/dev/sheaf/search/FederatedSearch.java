package dev.sheaf.search;

import dev.sheaf.document.DocumentId;
import dev.sheaf.embedding.Space;
import dev.sheaf.limits.LimitConcurrency;
import dev.sheaf.limits.MemoryBudget;
import dev.sheaf.limits.WorkKind;
import dev.sheaf.problem.Problem;
import dev.sheaf.problem.ProblemType;
import dev.sheaf.search.SearchService.FoundHits;
import dev.sheaf.search.SearchService.SearchedCollection;
import dev.sheaf.search.ShardedSearch.Lists;
import dev.sheaf.search.ShardedSearch.Ranked;
import jakarta.inject.Singleton;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;
import org.postgresql.replication.LogSequenceNumber;

/// Searches several collections, one after the other, and puts the hits in the order that they
/// would have in one collection with all of the documents.
///
/// Each collection ranks its chunks, for a hybrid search in both lists. The lists of all are merged
/// before they are fused. Only then the texts of the hits are read, in one statement for each
/// collection that has some. The weight of a word is that in all collections together: what
/// Elasticsearch calls `dfs_query_then_fetch`.
///
/// It uses one connection at a time, so it counts as one of the concurrent searches, of the first
/// collection.
@Singleton
class FederatedSearch {

  private final SearchService searches;
  private final QueryVectors vectors;
  private final Ordering ordering;
  private final Planner planner;

  FederatedSearch(
      SearchService searches, QueryVectors vectors, Ordering ordering, Planner planner) {
    this.searches = searches;
    this.vectors = vectors;
    this.ordering = ordering;
    this.planner = planner;
  }

  /// A chunk that a collection ranked.
  ///
  /// @param key smaller is better
  private record RankedChunk(String collection, String document, int ordinal, double key) {

    Place place() {
      return new Place(collection, document, ordinal);
    }
  }

  private record Place(String collection, String document, int ordinal) {}

  private interface DatabaseCall<T> {
    T within(int millis) throws SQLException;
  }

  /// Searches collections.
  ///
  /// @param first the first of the collections, of whose share this search is
  /// @param after what was written up to this position is found; `null` for any recent state
  /// @param memory reserves memory for the answer
  /// @throws Problem if a collection does not exist, the query does not fit it, the models differ,
  ///   too many searches are running, or the time is over
  @LimitConcurrency(WorkKind.SEARCH)
  SearchResponse search(
      String first,
      FederatedSearchRequest request,
      @Nullable LogSequenceNumber after,
      MemoryBudget.Account memory)
      throws SQLException {
    try {
      searches.requireAllowed(request.search());
      return new Search(request, after, memory).run();
    } catch (Problem problem) {
      // Each part had what was left of the time.
      throw problem.type() == ProblemType.SEARCH_TIMEOUT
          ? planner.timeIsOver(request.search())
          : problem.at("search");
    }
  }

  private final class Search {

    private final List<String> names;
    private final SearchRequest request;

    /// For the hits that are put in another order, if they are.
    private final SearchRequest candidates;

    private final @Nullable LogSequenceNumber after;
    private final MemoryBudget.Account memory;
    private final long start = System.nanoTime();
    private final Map<String, SearchedCollection> collections = new LinkedHashMap<>();
    private final List<FoundHits> found = new ArrayList<>();
    private final Set<String> warnings = new LinkedHashSet<>();
    private boolean listsAreLonger;
    private long nanosInDatabase;

    Search(
        FederatedSearchRequest request,
        @Nullable LogSequenceNumber after,
        MemoryBudget.Account memory) {
      this.names = request.collections();
      this.request = request.search();
      this.candidates = ordering.candidates(this.request);
      this.after = after;
      this.memory = memory;
    }

    SearchResponse run() throws SQLException {
      prepare();
      Space first = collections.values().iterator().next().space();
      List<RankedChunk> ranked =
          switch (request.mode()) {
            case VECTOR -> list(Mode.VECTOR, vector(first), depth());
            case FULLTEXT -> list(Mode.FULLTEXT, null, depth());
            case HYBRID -> fused(vector(first));
          };
      List<List<RankedChunk>> best =
          groups(ranked).stream().skip(candidates.offset()).limit(candidates.limit()).toList();
      List<Hit> hits = read(best.stream().flatMap(Collection::stream).toList());
      Ordering.Page page =
          ordering.page(
              request,
              hits,
              first.metric(),
              collections.values().stream().anyMatch(SearchedCollection::titles),
              memory);
      return response(page, best.size() >= candidates.limit());
    }

    private int depth() {
      return candidates.offset() + candidates.limit();
    }

    /// A call may take what is left of the time.
    private <T> T inDatabase(DatabaseCall<T> call) throws SQLException {
      long left = planner.timeout(request) - nanosInDatabase / 1_000_000;
      if (left <= 0) {
        throw planner.timeIsOver(request);
      }
      long began = System.nanoTime();
      try {
        return call.within(Math.toIntExact(left));
      } finally {
        nanosInDatabase += System.nanoTime() - began;
      }
    }

    private void prepare() throws SQLException {
      for (String name : names) {
        collections.put(
            name, inDatabase(millis -> searches.prepare(name, request.within(millis), after)));
      }
      requireOneModel();
      requireOneFormula();
      List<SearchWords> words =
          SearchWords.together(
              collections.values().stream().map(SearchedCollection::words).toList());
      for (String name : names) {
        SearchedCollection one = Objects.requireNonNull(collections.get(name));
        SearchWords together = words.get(names.indexOf(name));
        collections.put(name, new SearchedCollection(one.space(), one.titles(), together));
      }
    }

    private void requireOneModel() {
      if (request.mode() == Mode.FULLTEXT && request.diversity() == null) {
        return;
      }
      String first = names.getFirst();
      Space one = Objects.requireNonNull(collections.get(first)).space();
      collections.forEach((name, searched) -> {
        Space other = searched.space();
        if (!other.model().equals(one.model())
            || other.dimensions() != one.dimensions()
            || other.metric() != one.metric()) {
          throw Problem.field(
              "mode",
              "The collections %s and %s have different models, dimensions or metrics, so the distances of their vectors cannot be compared. Use mode fulltext, or search them one by one."
                  .formatted(first, name));
        }
      });
    }

    private void requireOneFormula() {
      if (request.mode() == Mode.VECTOR || request.match() == WordMatch.QUERY) {
        return;
      }
      String first = names.getFirst();
      Bm25 one = Objects.requireNonNull(collections.get(first)).words().bm25();
      collections.forEach((name, searched) -> {
        if (!searched.words().bm25().equals(one)) {
          throw Problem.field(
              "match",
              "The collections %s and %s have different values of bm25.k1 or bm25.b, so their scores cannot be compared. Give them the same values, use match query, or search them one by one."
                  .formatted(first, name));
        }
      });
    }

    private float[] vector(Space space) throws SQLException {
      if (request.vector() != null) {
        return request.vector();
      }
      String text = Objects.requireNonNull(request.text());
      vectors.scriptWarning(space, text).ifPresent(warnings::add);
      return vectors.embed(space, text);
    }

    /// The best chunks of all collections, or with `groupBy` those of the best documents.
    private List<RankedChunk> list(Mode mode, float @Nullable [] vector, int depth)
        throws SQLException {
      var chunks = new ArrayList<RankedChunk>();
      for (String name : names) {
        FoundHits ofOne =
            inDatabase(millis -> {
              SearchRequest list = request.ranking(mode, vector, depth, millis);
              return searches.rank(name, list, words(name, mode), after, memory);
            });
        found.add(ofOne);
        warnings.addAll(ofOne.warnings());
        for (Hit hit : ofOne.outcome().hits()) {
          double key =
              hit.distance() == null ? -hit.score() : Objects.requireNonNull(hit.distance());
          chunks.add(new RankedChunk(name, hit.document(), hit.ordinal(), key));
        }
      }
      chunks.sort(Comparator.comparingDouble(RankedChunk::key));
      return chunks;
    }

    private SearchWords words(String name, Mode mode) {
      return mode == Mode.VECTOR
          ? SearchWords.NONE
          : Objects.requireNonNull(collections.get(name)).words();
    }

    /// Merges the lists of a hybrid search, as [FusedChunks] does.
    private List<RankedChunk> fused(float[] vector) throws SQLException {
      Fusion fusion = request.hybrid();
      int depth = Query.wanted(fusion.depth());
      List<RankedChunk> near = shortened(list(Mode.VECTOR, vector, depth));
      List<RankedChunk> worded = shortened(list(Mode.FULLTEXT, null, depth));
      var scores = new LinkedHashMap<Place, Double>();
      add(scores, near, fusion.vector(), gainOfVectors(fusion, near));
      add(scores, worded, fusion.fulltext(), gainOfWords(fusion, worded));
      return scores.entrySet().stream()
          .map(chunk -> {
            Place place = chunk.getKey();
            return new RankedChunk(
                place.collection(), place.document(), place.ordinal(), -chunk.getValue());
          })
          .sorted(Comparator.comparingDouble(RankedChunk::key))
          .toList();
    }

    private List<RankedChunk> shortened(List<RankedChunk> list) {
      int depth = request.hybrid().depth();
      listsAreLonger |= list.size() > depth;
      return list.subList(0, Math.min(list.size(), depth));
    }

    private static void add(
        Map<Place, Double> scores,
        List<RankedChunk> list,
        double weight,
        ToDoubleFunction<Integer> gain) {
      for (int index = 0; index < list.size(); index++) {
        scores.merge(list.get(index).place(), weight * gain.applyAsDouble(index), Double::sum);
      }
    }

    private ToDoubleFunction<Integer> gainOfVectors(Fusion fusion, List<RankedChunk> near) {
      if (fusion.by() == FusionMethod.RANK || near.isEmpty()) {
        return gainOfRank(fusion);
      }
      double least = near.getFirst().key();
      double most = near.getLast().key();
      return index -> {
        double key = near.get(index).key();
        return key == least ? 1 : (most - key) / (most - least);
      };
    }

    private ToDoubleFunction<Integer> gainOfWords(Fusion fusion, List<RankedChunk> worded) {
      if (fusion.by() == FusionMethod.RANK || worded.isEmpty()) {
        return gainOfRank(fusion);
      }
      double best = -worded.getFirst().key();
      double ofAll =
          request.match() == WordMatch.QUERY
              ? 0
              : collections.values().stream()
                  .mapToDouble(searched -> searched.words().scoreOfAll())
                  .max()
                  .orElse(0);
      double highest = Math.max(best, ofAll);
      return index -> highest == 0 ? 0 : -worded.get(index).key() / highest;
    }

    private static ToDoubleFunction<Integer> gainOfRank(Fusion fusion) {
      double constant = Objects.requireNonNull(fusion.constant());
      return index -> 1 / (constant + index + 1);
    }

    /// The chunks of each document together if they are grouped, else each by itself.
    private List<List<RankedChunk>> groups(List<RankedChunk> ranked) {
      if (request.groupBy() == null) {
        return ranked.stream().map(List::of).toList();
      }
      record Group(String collection, String id) {}
      var groups = new LinkedHashMap<Group, List<RankedChunk>>();
      for (RankedChunk chunk : ranked) {
        List<RankedChunk> group =
            groups.computeIfAbsent(
                new Group(chunk.collection(), chunk.document()), _ -> new ArrayList<>());
        if (group.size() < request.groupSize()) {
          group.add(chunk);
        }
      }
      return List.copyOf(groups.values());
    }

    /// Reads hits, and keeps their order.
    private List<Hit> read(List<RankedChunk> best) throws SQLException {
      var hits = new HashMap<Place, Hit>();
      for (String name : names) {
        List<RankedChunk> ofOne =
            best.stream().filter(chunk -> chunk.collection().equals(name)).toList();
        if (ofOne.isEmpty()) {
          continue;
        }
        SearchedCollection searched = Objects.requireNonNull(collections.get(name));
        List<Hit> read =
            inDatabase(millis ->
                searches.read(
                    name,
                    candidates.reading(millis),
                    searched.words(),
                    lists(searched.space(), ofOne),
                    after,
                    memory));
        for (Hit hit : read) {
          hits.put(new Place(name, hit.document(), hit.ordinal()), hit.in(name));
        }
      }
      return best.stream()
          .map(chunk -> hits.get(chunk.place()))
          .filter(Objects::nonNull)
          .filter(hit -> request.minScore() == null || hit.score() >= request.minScore())
          .toList();
    }

    private Lists lists(Space space, List<RankedChunk> chunks) {
      List<UUID> documents =
          chunks.stream()
              .map(chunk -> DocumentId.of(space.collectionId(), chunk.document()))
              .toList();
      var ranked =
          new Ranked(
              documents,
              chunks.stream().map(RankedChunk::ordinal).toList(),
              chunks.stream().map(RankedChunk::key).toList());
      return request.mode() == Mode.VECTOR
          ? new Lists(ranked, Ranked.NONE, List.of())
          : new Lists(Ranked.NONE, ranked, List.of());
    }

    private SearchResponse response(Ordering.Page page, boolean isFull) {
      List<Planner.Outcome> outcomes = found.stream().map(FoundHits::outcome).toList();
      String truncated = isFull ? null : truncatedBecause(outcomes);
      long took = System.nanoTime() - start;
      return new SearchResponse(
          request.expand() == null ? page.hits() : Expand.withoutRepetitions(page.hits()),
          strategy(outcomes),
          outcomes.stream().allMatch(Planner.Outcome::exact),
          scanned(outcomes),
          truncated != null,
          truncated,
          warnings.isEmpty() ? null : List.copyOf(warnings),
          page.reranked(),
          null,
          total(),
          Math.round(took / 1e3) / 1e3,
          null);
    }

    private @Nullable String truncatedBecause(List<Planner.Outcome> outcomes) {
      return outcomes.stream()
          .map(Planner.Outcome::truncatedBecause)
          .filter(Objects::nonNull)
          .findFirst()
          .orElse(listsAreLonger ? Planner.moreInLists(request) : null);
    }

    /// Of a hybrid search, that of the vectors.
    private Strategy strategy(List<Planner.Outcome> outcomes) {
      if (request.mode() == Mode.FULLTEXT) {
        return Strategy.FULLTEXT;
      }
      return outcomes.stream().anyMatch(outcome -> outcome.strategy() == Strategy.HNSW)
          ? Strategy.HNSW
          : Strategy.EXACT;
    }

    private @Nullable Long scanned(List<Planner.Outcome> outcomes) {
      Strategy strategy = strategy(outcomes);
      return strategy == Strategy.HNSW
          ? null
          : outcomes.stream()
              .filter(outcome -> outcome.strategy() == strategy)
              .mapToLong(outcome -> Objects.requireNonNull(outcome.scanned()))
              .sum();
    }

    private FacetCounts.@Nullable Total total() {
      if (!request.total()) {
        return null;
      }
      List<FacetCounts.Total> totals =
          found.stream().map(ofOne -> Objects.requireNonNull(ofOne.counts().total())).toList();
      return new FacetCounts.Total(
          totals.stream().mapToLong(FacetCounts.Total::documents).sum(),
          totals.stream().mapToLong(FacetCounts.Total::chunks).sum());
    }
  }
}
