/// Changelog files: their names, the reader that understands them, and the SQL statements in them.
@NullMarked
package dev.sheaf.migration.changelog;

import org.jspecify.annotations.NullMarked;
