@NullMarked
package dev.sheaf.schema.backfill;

import org.jspecify.annotations.NullMarked;
