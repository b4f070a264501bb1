/// Backfills: changes of data that changesets need. One worker at a time runs them in small
/// batches, in the order of a key, and can be killed at any time.
@NullMarked
package dev.sheaf.migration.backfill;

import org.jspecify.annotations.NullMarked;
