package dev.sheaf.embedding;

import org.jspecify.annotations.Nullable;

/// A model could not be loaded or did not answer. The caller did nothing wrong.
public final class EmbeddingException extends RuntimeException {

  public EmbeddingException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
