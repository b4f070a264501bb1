/// Embedding models: the interface that every model implements, one package for each provider of
/// models, and the registry of all models.
@NullMarked
package dev.sheaf.embedding;

import org.jspecify.annotations.NullMarked;
