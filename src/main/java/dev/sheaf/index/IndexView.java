package dev.sheaf.index;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.sheaf.embedding.Precision;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/// The state and the recall of a collection's index.
///
/// @param rows number of vectors of the collection
/// @param rowsEstimated whether `rows` is an estimate
/// @param bytes size of their table
/// @param deadRows deleted rows that are not vacuumed yet, as PostgreSQL estimates
/// @param changes rows inserted, updated and deleted since the index was first measured
/// @param efSearch candidates that searches examine
/// @param index `null` if searches compare every vector
/// @param build the running build
/// @param buildMemory the memory of PostgreSQL that a build takes
/// @param recall `null` if unknown
/// @param recallMissing the reason why `recall` is `null`
/// @param declaredRecall whether the declared recall is held; `null` if none is declared
/// @param recallOfQueries the recall for recent client queries, if `sheaf.index.sample-queries` is
///   on
@JsonInclude(JsonInclude.Include.NON_NULL)
@Schema(name = "CollectionIndex")
public record IndexView(
    long rows,
    boolean rowsEstimated,
    long bytes,
    long deadRows,
    @Nullable Long changes,
    int efSearch,
    @JsonInclude @Nullable BuiltIndex index,
    @Nullable IndexBuild build,
    BuildMemory buildMemory,
    @JsonInclude @Nullable Recall recall,
    @Nullable String recallMissing,
    @Nullable DeclaredRecall declaredRecall,
    @Nullable Recall recallOfQueries) {

  /// The recall that the collection declares.
  ///
  /// @param held whether searches have it; `null` if that is not known yet, or not tried
  /// @param explanation why, and what to do
  @JsonInclude(JsonInclude.Include.NON_NULL)
  @Schema(name = "DeclaredRecall")
  public record DeclaredRecall(double recall, @Nullable Boolean held, String explanation) {}

  /// The current index.
  ///
  /// @param valid whether searches can use it; `false` while it is built for the first time
  @Schema(name = "BuiltIndex")
  public record BuiltIndex(
      boolean valid, long bytes, Precision precision, int m, int efConstruction) {}

  /// A running build.
  ///
  /// @param phase as in `pg_stat_progress_create_index`
  /// @param percent progress of this phase, if PostgreSQL reports it
  /// @param secondsLeft until the end of this phase, if the build goes on as fast as until now. It
  ///   becomes slower when its graph no longer fits into memory
  @JsonInclude(JsonInclude.Include.NON_NULL)
  @Schema(name = "IndexBuild")
  public record IndexBuild(String phase, @Nullable Double percent, @Nullable Long secondsLeft) {}

  /// The memory of PostgreSQL that a build of the index takes.
  ///
  /// @param bytes what the graph of all vectors needs, as an estimate
  /// @param allowedBytes what a build may take: `sheaf.index.memory`, or `maintenance_work_mem` if
  ///   that is larger
  /// @param fits whether the graph fits. If not, the rest of the build is many times slower
  @Schema(name = "BuildMemory")
  public record BuildMemory(long bytes, long allowedBytes, boolean fits) {

    /// @param vector bytes of one vector in the graph
    /// @param server `maintenance_work_mem` in bytes
    static BuildMemory of(long rows, long vector, long server, IndexConfig config) {
      long needed = rows * vector;
      long allowed = Math.max(server, config.memory().asLongValue());
      return new BuildMemory(needed, allowed, needed <= allowed);
    }
  }
}
