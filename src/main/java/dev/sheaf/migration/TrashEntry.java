package dev.sheaf.migration;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// A table or column in the trash, which can be restored.
///
/// @param object its original name, `schema.table` or `schema.table.column`
/// @param keptAs its name in the trash
/// @param bytes the table's size on disk, including indexes; `null` for a column
/// @param changeset `module/NNN_name` that moved it there; `null` if this was done manually
/// @param trashedAt when it was moved to the trash
public record TrashEntry(
    String object,
    String keptAs,
    @Nullable Long bytes,
    @Nullable String changeset,
    @JsonProperty("buriedAt") Instant trashedAt) {}
