/// Documents and their chunks: store, read, list, delete.
@NullMarked
package dev.sheaf.document;

import org.jspecify.annotations.NullMarked;
