package dev.sheaf.index;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.time.Instant;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/// How well an index finds, as measured.
///
/// @param value the share of the `k` nearest that searches through it found, from 0 to 1
/// @param first the same when this index was first measured, soon after it was built
/// @param k how many each search was to find
/// @param efSearch candidates that each search looked at
/// @param sampleSize vectors that were searched for
/// @param medianMs what a search took, in milliseconds, half of them less
@JsonInclude(JsonInclude.Include.NON_NULL)
@Schema(name = "Recall")
public record Recall(
    double value,
    @Nullable Double first,
    int k,
    int efSearch,
    int sampleSize,
    double medianMs,
    Instant measuredAt) {}
