/// Sheaf: documents, embeddings and search on PostgreSQL, and a schema that can be changed without
/// fear.
@NullMarked
package dev.sheaf;

import org.jspecify.annotations.NullMarked;
