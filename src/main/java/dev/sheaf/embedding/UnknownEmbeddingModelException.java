package dev.sheaf.embedding;

import java.util.List;

/// No provider has a model of that name.
public final class UnknownEmbeddingModelException extends RuntimeException {

  UnknownEmbeddingModelException(String name, List<String> known) {
    super("Unknown embedding model \"%s\"; known: %s".formatted(name, String.join(", ", known)));
  }
}
