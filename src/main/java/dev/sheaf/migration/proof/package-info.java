/// Proving and deriving rollbacks, comparing the schema with the entities, finding drift.
@NullMarked
package dev.sheaf.migration.proof;

import org.jspecify.annotations.NullMarked;
