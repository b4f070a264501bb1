/// Scratch databases, state templates and sample rows.
@NullMarked
package dev.sheaf.migration.scratch;

import org.jspecify.annotations.NullMarked;
