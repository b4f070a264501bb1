/// Limits on concurrent operations of a kind, on memory, and on the request rate of a caller.
@NullMarked
package dev.sheaf.limits;

import org.jspecify.annotations.NullMarked;
