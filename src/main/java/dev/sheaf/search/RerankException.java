package dev.sheaf.search;

/// Hits cannot be reranked. The message is a sentence for clients.
final class RerankException extends Exception {

  private static final long serialVersionUID = 1L;

  RerankException(String message) {
    super(message);
  }
}
