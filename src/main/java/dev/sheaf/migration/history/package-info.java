/// What was applied: the engine's own tables, the journal, stored rollbacks, the trash, the
/// register of backfills.
@NullMarked
package dev.sheaf.migration.history;

import org.jspecify.annotations.NullMarked;
