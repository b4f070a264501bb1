package dev.sheaf.embedding;

import java.util.List;

/// No provider has a model of this name.
public final class UnknownEmbeddingModelException extends RuntimeException {

  UnknownEmbeddingModelException(String name, List<String> known) {
    super(
        "Unknown embedding model \"%s\". The models are: %s."
            .formatted(name, String.join(", ", known)));
  }
}
