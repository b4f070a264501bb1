package dev.sheaf.collection;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import dev.sheaf.embedding.Metric;
import dev.sheaf.embedding.VectorStorage;
import java.time.Instant;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/// A collection in responses.
///
/// @param dimensions the number of dimensions of its vectors
/// @param storage the precision of its stored vectors
/// @param settings the settings of the collection; the precision is always present, other absent
///   settings follow the configuration
/// @param documents the number of documents; absent in lists
/// @param chunks the number of chunks; absent in lists
/// @param countsEstimated whether `documents` or `chunks` is an estimate; absent in lists
/// @param etag the entity tag, in the header `ETag`; it does not depend on the documents
@JsonInclude(JsonInclude.Include.NON_NULL)
@Schema(name = "Collection")
public record CollectionView(
    String name,
    @Nullable String description,
    String model,
    int dimensions,
    Metric metric,
    VectorStorage storage,
    @JsonUnwrapped CollectionSettings settings,
    Instant createdAt,
    @Nullable Long documents,
    @Nullable Long chunks,
    @Nullable Boolean countsEstimated,
    @JsonIgnore @Schema(hidden = true) String etag) {

  /// With the number of chunks that are left to analyze.
  CollectionView withRemaining(long remaining) {
    return new CollectionView(
        name,
        description,
        model,
        dimensions,
        metric,
        storage,
        settings.withRemaining(remaining),
        createdAt,
        documents,
        chunks,
        countsEstimated,
        etag);
  }
}
