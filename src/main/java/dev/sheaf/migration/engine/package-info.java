/// The facade `Migrations` and what it is made of.
@NullMarked
package dev.sheaf.migration.engine;

import org.jspecify.annotations.NullMarked;
