package dev.sheaf.collection;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.sheaf.embedding.Metric;
import dev.sheaf.embedding.Precision;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// A collection as clients see it.
///
/// @param dimensions the width of its vectors
/// @param documents how many there are; only in the description of one collection
/// @param chunks how many there are; only in the description of one collection
@JsonInclude(JsonInclude.Include.NON_NULL)
public record CollectionView(
    String name,
    @Nullable String description,
    String model,
    int dimensions,
    Metric metric,
    Precision precision,
    Instant createdAt,
    @Nullable Long documents,
    @Nullable Long chunks) {}
