package dev.sheaf.collection;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import dev.sheaf.embedding.Metric;
import java.time.Instant;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/// A collection as clients see it.
///
/// @param dimensions the width of its vectors
/// @param settings what was chosen for it; what is absent follows the configuration, but the
///   precision is always there
/// @param documents how many there are; only in the description of one collection
/// @param chunks how many there are; only in the description of one collection
@JsonInclude(JsonInclude.Include.NON_NULL)
@Schema(name = "Collection")
public record CollectionView(
    String name,
    @Nullable String description,
    String model,
    int dimensions,
    Metric metric,
    @JsonUnwrapped CollectionSettings settings,
    Instant createdAt,
    @Nullable Long documents,
    @Nullable Long chunks) {}
