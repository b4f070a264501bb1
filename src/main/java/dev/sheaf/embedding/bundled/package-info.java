/// The bundled model. It runs in the process, and its weights are in a jar, so nothing is
/// downloaded.
@NullMarked
package dev.sheaf.embedding.bundled;

import org.jspecify.annotations.NullMarked;
