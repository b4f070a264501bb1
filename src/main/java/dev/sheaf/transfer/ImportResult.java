package dev.sheaf.transfer;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// What became of an upload; `read` is the sum of the five that follow.
///
/// @param job that loaded it, if one did
/// @param refusals as many as the service keeps
public record ImportResult(
    String file,
    @Nullable Long job,
    long read,
    long created,
    long updated,
    long unchanged,
    long replaced,
    long failed,
    List<Refusal> refusals) {}
