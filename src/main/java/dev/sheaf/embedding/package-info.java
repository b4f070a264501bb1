/// What turns text into vectors: the contract every model keeps, one package per provider of
/// models, and the registry that finds them.
@NullMarked
package dev.sheaf.embedding;

import org.jspecify.annotations.NullMarked;
