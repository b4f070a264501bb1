@NullMarked
package dev.sheaf.schema.backup;

import org.jspecify.annotations.NullMarked;
