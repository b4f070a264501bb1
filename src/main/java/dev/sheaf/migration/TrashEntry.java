package dev.sheaf.migration;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// A table or a column that a contract step took away, and that can still come back.
///
/// @param object what it was, `schema.table` or `schema.table.column`
/// @param keptAs what it is while it is kept
/// @param bytes the table's size on disk, indexes included; `null` for a column
/// @param changeset `module/NNN_name` that took it away; `null` when it was done by hand
/// @param buriedAt when
public record TrashEntry(
    String object,
    String keptAs,
    @Nullable Long bytes,
    @Nullable String changeset,
    Instant buriedAt) {}
