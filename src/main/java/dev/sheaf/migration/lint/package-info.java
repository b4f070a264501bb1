/// The lint: runs changesets on a scratch database, observes what PostgreSQL does, and reports
/// harmful effects. Each rule has a class, and a page in `docs/lint`.
@NullMarked
package dev.sheaf.migration.lint;

import org.jspecify.annotations.NullMarked;
