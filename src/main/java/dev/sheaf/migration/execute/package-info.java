/// Running changesets: the session, the lock, one changeset, concurrent steps, object templates,
/// progress.
@NullMarked
package dev.sheaf.migration.execute;

import org.jspecify.annotations.NullMarked;
