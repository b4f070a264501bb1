package dev.sheaf.index;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.time.Instant;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/// The measured recall of an index.
///
/// @param value fraction of the `k` nearest vectors that index searches found, from 0 to 1
/// @param low lower end of the 95% confidence interval of `value`; `null` if an older version
///   measured it
/// @param high upper end
/// @param first the value of the first measurement, soon after this index was built
/// @param k number of vectors that each search had to find
/// @param efSearch candidates that each search examined
/// @param sampleSize number of searches
/// @param medianMs median time of an index search, in milliseconds
@JsonInclude(JsonInclude.Include.NON_NULL)
@Schema(name = "Recall")
public record Recall(
    double value,
    @Nullable Double low,
    @Nullable Double high,
    @Nullable Double first,
    int k,
    int efSearch,
    int sampleSize,
    double medianMs,
    Instant measuredAt) {}
