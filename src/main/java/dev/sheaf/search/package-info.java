/// Finding chunks by meaning.
@NullMarked
package dev.sheaf.search;

import org.jspecify.annotations.NullMarked;
