/// The observed lint: runs changesets on a scratch database, watches what PostgreSQL does, and
/// judges that. One class per rule, one page per rule in `docs/lint`.
@NullMarked
package dev.sheaf.migration.lint;

import org.jspecify.annotations.NullMarked;
