/// What the process knows of itself: identity, version, environment, module switches, and failures
/// that an operator reads.
@NullMarked
package dev.sheaf.runtime;

import org.jspecify.annotations.NullMarked;
