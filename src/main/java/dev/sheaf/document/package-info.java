/// Documents and their chunks: store, read, list, export, change and delete.
@NullMarked
package dev.sheaf.document;

import org.jspecify.annotations.NullMarked;
