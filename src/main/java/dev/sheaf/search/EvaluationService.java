package dev.sheaf.search;

import dev.sheaf.collection.CollectionService;
import dev.sheaf.database.Sql;
import dev.sheaf.document.DocumentId;
import dev.sheaf.embedding.Space;
import dev.sheaf.limits.MemoryBudget;
import dev.sheaf.problem.Problem;
import dev.sheaf.problem.ProblemType;
import dev.sheaf.search.EvaluationRequest.JudgedQuery;
import io.agroal.api.AgroalDataSource;
import jakarta.inject.Singleton;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Evaluates searches: runs judged queries with several settings, one search after the other, and
/// compares the hits with the judgements.
@Singleton
public class EvaluationService {

  private static final int MAX_MISSING = 20;

  /// What the service keeps of a query with a setting.
  private static final long BYTES_PER_SEARCH = 200;

  private static final long BYTES_PER_JUDGEMENT = 200;

  private final SearchService searches;
  private final CollectionService collections;
  private final AgroalDataSource dataSource;
  private final MemoryBudget budget;
  private final SearchConfig config;

  EvaluationService(
      SearchService searches,
      CollectionService collections,
      AgroalDataSource dataSource,
      MemoryBudget budget,
      SearchConfig config) {
    this.searches = searches;
    this.collections = collections;
    this.dataSource = dataSource;
    this.budget = budget;
    this.config = config;
  }

  /// Evaluates searches of a collection.
  ///
  /// @param memory reserves memory for the metrics
  /// @throws Problem if the collection does not exist, a search is not valid or fails, or the
  ///   evaluation takes longer than `sheaf.search.evaluation-timeout`
  public EvaluationResponse evaluate(
      String collection, EvaluationRequest request, MemoryBudget.Account memory)
      throws SQLException {
    long start = System.nanoTime();
    List<JudgedQuery> queries = request.queries();
    int settings = request.settings().size();
    memory.reserve(
        (long) queries.size() * settings * BYTES_PER_SEARCH
            + queries.stream().mapToLong(query -> query.relevant().size()).sum()
                * BYTES_PER_JUDGEMENT);
    List<String> missing = missing(collections.activeSpace(collection), queries);
    var metrics = new RankingMetrics[settings][queries.size()];
    var notReranked = new ArrayList<@Nullable Integer>();
    request.settings().forEach(setting -> notReranked.add(setting.rerank() == null ? null : 0));
    for (int query = 0; query < queries.size(); query++) {
      for (int setting = 0; setting < settings; setting++) {
        requireTime(start, query * settings + setting, queries.size() * settings);
        SearchResponse response = search(collection, request, query, setting);
        metrics[setting][query] =
            RankingMetrics.of(
                response.hits().stream().map(Hit::document).toList(),
                queries.get(query).relevant(),
                request.k());
        Reranked reranked = response.reranked();
        Integer failed = notReranked.get(setting);
        if (failed != null && reranked != null && reranked.because() != null) {
          notReranked.set(setting, failed + 1);
        }
      }
    }
    return new EvaluationResponse(
        queries.size(),
        request.k(),
        new Evaluation(
                queries,
                request.settings().stream().map(EvaluationRequest.Setting::name).toList(),
                notReranked,
                metrics)
            .results(),
        missing.isEmpty() ? null : missing,
        Math.round((System.nanoTime() - start) / 1e3) / 1e3);
  }

  private void requireTime(long start, int done, int all) {
    Duration limit = config.evaluationTimeout();
    if (System.nanoTime() - start > limit.toNanos()) {
      throw new Problem(
          ProblemType.SEARCH_TIMEOUT,
          "The evaluation took more than %s s, and %s of its %s searches are done. Send fewer queries or settings, or raise sheaf.search.evaluation-timeout."
              .formatted(limit.toSeconds(), done, all));
    }
  }

  private SearchResponse search(
      String collection, EvaluationRequest request, int query, int setting) throws SQLException {
    JudgedQuery judged = request.queries().get(query);
    SearchRequest search = request.settings().get(setting).search(judged, request.k());
    try (MemoryBudget.Account account = budget.open()) {
      return searches.search(collection, search, null, account);
    } catch (Problem problem) {
      // The text is the query's, and everything else the setting's.
      throw problem.at(
          "text".equals(problem.field()) || "vector".equals(problem.field())
              ? "queries[" + query + "]"
              : "settings[" + setting + "]");
    }
  }

  /// The relevant documents that the collection does not have.
  private List<String> missing(Space space, List<JudgedQuery> queries) throws SQLException {
    Map<UUID, String> documents = new LinkedHashMap<>();
    for (JudgedQuery query : queries) {
      query
          .relevant()
          .forEach((document, grade) -> {
            if (grade > 0) {
              documents.put(DocumentId.of(space.collectionId(), document), document);
            }
          });
    }
    Object ids = documents.keySet().toArray(UUID[]::new);
    var missing = new ArrayList<String>();
    for (UUID id :
        Sql.of(
                """
                SELECT j.id
                  FROM unnest(?::uuid[]) j(id)
                 WHERE j.id NOT IN (SELECT d.id FROM %s d WHERE d.collection_id = %s AND d.id = ANY (?))
                 ORDER BY j.id
                 LIMIT %s
                """
                    .formatted(space.documentTable(), space.collectionId(), MAX_MISSING),
                ids,
                ids)
            .list(dataSource, row -> row.getObject(1, UUID.class))) {
      missing.add(String.valueOf(documents.get(id)));
    }
    return missing;
  }
}
