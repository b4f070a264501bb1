/// The history of a database: applied changesets, the engine's own tables, the journal, stored
/// rollbacks, the trash, registered backfills.
@NullMarked
package dev.sheaf.migration.history;

import org.jspecify.annotations.NullMarked;
