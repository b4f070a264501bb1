package dev.sheaf.embedding;

import org.jspecify.annotations.Nullable;

/// A model could not be loaded, or a server did not answer. The request itself was valid.
public final class EmbeddingException extends RuntimeException {

  public EmbeddingException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
