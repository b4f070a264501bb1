/// The facade `Migrations` and its parts.
@NullMarked
package dev.sheaf.migration.engine;

import org.jspecify.annotations.NullMarked;
