/// PostgreSQL's catalog as a model, as text to compare, and as statements.
@NullMarked
package dev.sheaf.migration.catalog;

import org.jspecify.annotations.NullMarked;
