package dev.sheaf.index;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.sheaf.embedding.Precision;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/// How the index of a collection is, and how well it finds.
///
/// @param rows vectors of the collection
/// @param bytes the size of their table
/// @param deadRows rows that were deleted and not yet vacuumed away, by PostgreSQL's estimate
/// @param changes rows inserted, updated and deleted since the index was first measured
/// @param efSearch candidates that searches look at
/// @param index absent when every search compares every vector
/// @param build what is being built now
/// @param recall `null` when none is known
/// @param recallMissing why there is none
/// @param recallOfQueries the same for what clients have searched for lately, where that is on
@JsonInclude(JsonInclude.Include.NON_NULL)
@Schema(name = "CollectionIndex")
public record IndexView(
    long rows,
    long bytes,
    long deadRows,
    @Nullable Long changes,
    int efSearch,
    @JsonInclude @Nullable Built index,
    @Nullable Build build,
    @JsonInclude @Nullable Recall recall,
    @Nullable String recallMissing,
    @Nullable Recall recallOfQueries) {

  /// The index that is there.
  ///
  /// @param valid whether searches can use it; not yet, while it is first built
  @Schema(name = "BuiltIndex")
  public record Built(boolean valid, long bytes, Precision precision, int m, int efConstruction) {}

  /// A build that runs.
  ///
  /// @param phase in PostgreSQL's words
  /// @param percent of this phase, where PostgreSQL counts
  @JsonInclude(JsonInclude.Include.NON_NULL)
  @Schema(name = "IndexBuild")
  public record Build(String phase, @Nullable Double percent) {}
}
