package dev.sheaf.migration;

import java.time.Instant;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/// An entry of the schema's history.
///
/// @param at when it happened
/// @param action up, down, rename, force, baseline, empty trash, or backfill pause, resume or
///   cancel
/// @param changeset `module/NNN_name`; `null` if it concerns no single changeset
/// @param millis duration in milliseconds; `null` if nothing ran
/// @param role the database role
/// @param client `user@host/pid` of the process
/// @param version version of the application
/// @param approvedBy who approved it
/// @param reason the reason that was given
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
