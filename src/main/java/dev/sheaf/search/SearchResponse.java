package dev.sheaf.search;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/// What was found, best first, and how.
///
/// @param strategy the plan that ran
/// @param exact whether every vector that could be a hit was compared, so that nothing better can
///   have been missed
/// @param scanned how many chunks were compared, where that is known: not for an HNSW search, which
///   pgvector doesn't count
/// @param truncated whether there may be more hits that `limit` had room for
/// @param truncatedBecause why, where it is
/// @param took milliseconds in this service, the embedding of the text included
/// @param explain the statements that ran, where that was asked for
@JsonInclude(JsonInclude.Include.NON_NULL)
@Schema(name = "SearchResponse")
public record SearchResponse(
    List<Hit> hits,
    Strategy strategy,
    boolean exact,
    @Nullable Long scanned,
    boolean truncated,
    @Nullable String truncatedBecause,
    double took,
    @Nullable List<Explained> explain) {

  /// One statement.
  ///
  /// @param sql as it was sent, parameters as `?`
  /// @param plan what PostgreSQL did, line by line
  @Schema(name = "Statement")
  public record Explained(String sql, List<String> plan) {}
}
