/// Sheaf: documents, embeddings and search on PostgreSQL, with tested migrations and rollbacks.
@NullMarked
package dev.sheaf;

import org.jspecify.annotations.NullMarked;
