package dev.sheaf.ingestion;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import java.time.Instant;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/// An upload, and how far it has come.
///
/// @param async whether it was stored first, and answered before it was loaded
/// @param bytes its length, decompressed; 0 when it is not stored
/// @param bytesDone how much of that is loaded
/// @param linesPerSecond on average since it was started
/// @param etaSeconds when it will be done if it goes on like that
/// @param error why the last attempt failed
@JsonInclude(JsonInclude.Include.NON_NULL)
@Schema(name = "Job")
record Job(
    long id,
    String collection,
    JobState state,
    @JsonIgnore boolean async,
    @JsonUnwrapped Counts counts,
    long bytes,
    long bytesDone,
    @Nullable Double linesPerSecond,
    @Nullable Double etaSeconds,
    int attempts,
    @Nullable String error,
    Instant createdAt,
    @Nullable Instant startedAt,
    @Nullable Instant finishedAt) {}
