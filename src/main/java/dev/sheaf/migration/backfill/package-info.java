/// Backfills: changes of data that changesets need, worked off in the key's order, in bounded
/// batches, by one worker at a time, however often it is killed.
@NullMarked
package dev.sheaf.migration.backfill;

import org.jspecify.annotations.NullMarked;
