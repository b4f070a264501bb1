/// The model that comes with the service: its weights are in a jar, it runs in the process, and
/// nothing is downloaded.
@NullMarked
package dev.sheaf.embedding.bundled;

import org.jspecify.annotations.NullMarked;
