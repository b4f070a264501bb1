/// Backups that are known to work: a dump with the catalog and the row counts of its own snapshot,
/// in one sealed file, restored for proof into a database that is thrown away.
@NullMarked
package dev.sheaf.backup;

import org.jspecify.annotations.NullMarked;
