package dev.sheaf.embedding;

import java.util.List;

/// No provider has a model of that name.
public final class UnknownEmbeddingModelException extends RuntimeException {

  private final String name;
  private final List<String> known;

  UnknownEmbeddingModelException(String name, List<String> known) {
    super("Unknown embedding model \"%s\"; known: %s".formatted(name, String.join(", ", known)));
    this.name = name;
    this.known = List.copyOf(known);
  }

  /// The name asked for.
  public String name() {
    return name;
  }

  /// The names there are, sorted.
  public List<String> known() {
    return known;
  }
}
