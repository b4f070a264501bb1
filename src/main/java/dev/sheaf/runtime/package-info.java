/// The process itself: identity, version, environment, module switches, and failures for the
/// operator. Also hashes, backoff and counted streams, which many packages use.
@NullMarked
package dev.sheaf.runtime;

import org.jspecify.annotations.NullMarked;
