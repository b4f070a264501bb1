package dev.sheaf.search;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import java.util.Map;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/// The hits of a search, best first.
///
/// @param strategy how the hits were found
/// @param exact whether everything that could be a hit was compared, so that no better hit can be
///   missing
/// @param scanned number of chunks that were compared or ranked; absent for an index search, for
///   which pgvector does not report it
/// @param truncated whether hits may be missing although `limit` allows more
/// @param truncatedBecause the reason, if `truncated`
/// @param warnings what the search left out of its text; absent if it read all of it
/// @param reranked what a model reranked, if requested
/// @param facets what was counted, by the names of the request; absent if it has none
/// @param total number of all matches of a full-text search, if requested
/// @param took time in this service, including the embedding of the text, in milliseconds
/// @param explain the statements that ran, if requested
@JsonInclude(JsonInclude.Include.NON_NULL)
@Schema(name = "SearchResponse")
public record SearchResponse(
    List<Hit> hits,
    Strategy strategy,
    boolean exact,
    @Nullable Long scanned,
    boolean truncated,
    @Nullable String truncatedBecause,
    @Nullable List<String> warnings,
    @Nullable Reranked reranked,
    @Nullable Map<String, FacetCounts> facets,
    FacetCounts.@Nullable Total total,
    double took,
    @Nullable List<ExplainedStatement> explain) {

  /// A statement with its plan.
  ///
  /// @param sql the statement, with `?` for parameters
  /// @param plan the lines of EXPLAIN ANALYZE
  @Schema(name = "Statement")
  public record ExplainedStatement(String sql, List<String> plan) {}
}
