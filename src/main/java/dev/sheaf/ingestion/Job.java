package dev.sheaf.ingestion;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import java.time.Instant;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/// A job that loads an upload, with its progress.
///
/// @param async whether the client got a response before the upload was loaded
/// @param bytes length of the decompressed upload; 0 if it is not stored
/// @param bytesDone number of bytes that are loaded
/// @param linesPerSecond average since the start
/// @param etaSeconds remaining time at the average speed
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
