package dev.sheaf.migration;

import java.time.Instant;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/// One thing that was done to the schema.
///
/// @param at when
/// @param action up, down, force, baseline, empty trash, or what was wanted of a backfill
/// @param changeset `module/NNN_name`; `null` when it was about all
/// @param millis how long it took; `null` when nothing ran
/// @param role the role that did it
/// @param client `user@host/pid` of the process that did it
/// @param version of the application that did it
/// @param approvedBy who approved it
/// @param reason why
@Schema(name = "HistoryEntry")
public record HistoryEntry(
    Instant at,
    String action,
    @Nullable String changeset,
    @Nullable Long millis,
    String role,
    String client,
    String version,
    @Nullable String approvedBy,
    @Nullable String reason) {}
