package dev.sheaf.search;

import dev.sheaf.embedding.Metric;
import dev.sheaf.limits.MemoryBudget;
import dev.sheaf.problem.Problem;
import dev.sheaf.search.HitExplanation.BoostPart;
import dev.sheaf.search.HitExplanation.DiversityPart;
import jakarta.inject.Singleton;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/// Puts the best hits of a search in another order: first by [Boost], then by the model of a
/// [Reranker], then by [Diversity]. Each stage puts the hits in order that the stage before it
/// leaves, and the model takes only the first of them. Equal hits keep their order.
///
/// The candidates are the same for all pages, so each hit is on one page.
@Singleton
class Ordering {

  private final Reranker reranker;

  /// The hits of one page.
  ///
  /// @param reranked what a model reranked; `null` if the search does not ask for it
  record Page(List<Hit> hits, @Nullable Reranked reranked) {}

  Ordering(Reranker reranker) {
    this.reranker = reranker;
  }

  /// The search for the candidates; `request` itself if the order is that of the search.
  ///
  /// @throws Problem if the last stage leaves fewer hits than the page needs, or the service cannot
  ///   rerank
  SearchRequest candidates(SearchRequest request) {
    if (!request.reordersHits()) {
      return request;
    }
    int window = request.window();
    if (window * request.groupSize() > SearchRequest.MAX_WINDOW) {
      throw Problem.field(
          "window",
          "window times groupSize must be at most %s.".formatted(SearchRequest.MAX_WINDOW));
    }
    if (request.rerank() != null) {
      int reranked = reranker.limit(request, request.rerank());
      return request.withCandidates(request.boost().isEmpty() ? reranked : window);
    }
    int last = request.offset() + request.limit();
    if (last > window) {
      throw Problem.field(
          "window",
          "offset + limit is %s, but only %s hits are put in order. Raise window, or ask for fewer hits."
              .formatted(last, window));
    }
    return request.withCandidates(window);
  }

  /// Puts the hits of [#candidates] in order, and returns the page that `request` asks for.
  ///
  /// @param titles whether the model that reranks reads the titles too
  /// @throws SQLException if nobody waits for the answer any more
  Page page(
      SearchRequest request,
      List<Hit> found,
      Metric metric,
      boolean titles,
      MemoryBudget.Account memory)
      throws SQLException {
    if (!request.reordersHits()) {
      return new Page(found, null);
    }
    List<List<Hit>> groups = groups(request, found);
    if (!request.boost().isEmpty()) {
      groups = boosted(groups);
    }
    Reranked reranked = null;
    if (request.rerank() != null) {
      Reranker.Result result = reranker.rerank(request, request.rerank(), groups, titles, memory);
      groups = explained(result.groups(), HitExplanation::withRerank);
      reranked = result.reranked();
    }
    if (request.diversity() != null) {
      groups = diverse(groups, new Diversity(metric, request.diversity()), request);
    }
    return new Page(
        groups.stream()
            .skip(request.offset())
            .limit(request.limit())
            .flatMap(Collection::stream)
            .map(hit -> hit.selecting(request.select()))
            .toList(),
        reranked);
  }

  /// The hits of each document together if they are grouped, else each by itself.
  private static List<List<Hit>> groups(SearchRequest request, List<Hit> found) {
    record Group(@Nullable String collection, String id) {}
    Map<Object, List<Hit>> groups = new LinkedHashMap<>();
    for (int place = 0; place < found.size(); place++) {
      Hit hit = found.get(place);
      Object group =
          request.groupBy() == null ? place : new Group(hit.collection(), hit.document());
      groups.computeIfAbsent(group, _ -> new ArrayList<>()).add(hit);
    }
    return List.copyOf(groups.values());
  }

  /// All hits of a group gain the same, because they are of one document.
  private static List<List<Hit>> boosted(List<List<Hit>> groups) {
    return explained(
        groups.stream()
            .sorted(
                Comparator.comparing(
                    group -> group.getFirst().boostedScore(),
                    Comparator.nullsLast(Comparator.reverseOrder())))
            .toList(),
        (explanation, rank) ->
            explanation.withBoost(
                new BoostPart(rank, Objects.requireNonNull(explanation.boost()).gains())));
  }

  /// @param explain adds the rank of its group, from 1, to the explanation of a hit
  private static List<List<Hit>> explained(
      List<List<Hit>> groups, BiFunction<HitExplanation, Integer, HitExplanation> explain) {
    var explained = new ArrayList<List<Hit>>();
    for (List<Hit> group : groups) {
      int rank = explained.size() + 1;
      explained.add(
          group.stream()
              .map(hit -> hit.explained(explanation -> explain.apply(explanation, rank)))
              .toList());
    }
    return explained;
  }

  /// The groups up to the end of the page. The best hit of a group stands for it.
  private static List<List<Hit>> diverse(
      List<List<Hit>> groups, Diversity diversity, SearchRequest request) throws SQLException {
    List<Hit> best = groups.stream().map(List::getFirst).toList();
    List<Diversity.Pick> picks =
        diversity.picks(
            best.stream().map(hit -> Objects.requireNonNull(hit.vector())).toList(),
            Diversity.scaled(relevance(best)),
            request.offset() + request.limit());
    return explained(
        picks.stream().map(pick -> groups.get(pick.index())).toList(),
        (explanation, rank) -> {
          Diversity.Pick pick = picks.get(rank - 1);
          return explanation.withDiversity(
              new DiversityPart(
                  rank,
                  pick.relevance(),
                  Double.isNaN(pick.similarity()) ? null : pick.similarity(),
                  pick.score()));
        });
  }

  /// The scores of the last stage. A hit without one from a model that scored others has NaN.
  private static double[] relevance(List<Hit> hits) {
    boolean reranked = hits.stream().anyMatch(hit -> hit.rerankScore() != null);
    return hits.stream()
        .mapToDouble(hit ->
            reranked
                ? Objects.requireNonNullElse(hit.rerankScore(), Double.NaN)
                : Objects.requireNonNullElse(hit.boostedScore(), hit.score()))
        .toArray();
  }
}
