/// The process itself: identity, version, environment, module switches, and failures for the
/// operator.
@NullMarked
package dev.sheaf.runtime;

import org.jspecify.annotations.NullMarked;
