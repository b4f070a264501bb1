/// What every endpoint shares: problems, paging, limits.
@NullMarked
package dev.sheaf.api;

import org.jspecify.annotations.NullMarked;
