package dev.sheaf.transfer;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// The result of an upload. `read` is the sum of the five counts that follow it.
///
/// @param job id of the job that loaded it; `null` without a job
/// @param refusals the documents that were rejected, up to the limit of the service
public record ImportResult(
    String file,
    @Nullable Long job,
    long read,
    long created,
    long updated,
    long unchanged,
    long replaced,
    long failed,
    List<RejectedDocument> refusals) {}
