package dev.sheaf.limits;

import java.util.OptionalInt;

/// A kind of operation that uses connections of the pool. Each kind has its own share of the pool,
/// so that no kind starves another. The rest is for background work.
public enum WorkKind {
  SEARCH("searches", 35, 1),
  /// Stores, changes or deletes documents.
  WRITE("writes", 15, 1),
  /// Reads a document, or a page of documents.
  READ("reads", 10, 1),
  /// Exports a collection. It takes as long as the client takes to read the response.
  EXPORT("exports", 5, 1),
  /// An upload prepares one batch while it writes another, so it uses two connections.
  UPLOAD("uploads", 15, 2);

  private final String plural;
  private final int percent;
  private final int connections;

  WorkKind(String plural, int percent, int connections) {
    this.plural = plural;
    this.percent = percent;
    this.connections = connections;
  }

  String plural() {
    return plural;
  }

  /// The number of connections that one operation uses.
  int connections() {
    return connections;
  }

  /// How many operations of this kind may run concurrently.
  ///
  /// @param pool the number of connections in the pool of this replica
  int maxConcurrent(LimitsConfig config, int pool) {
    OptionalInt configured =
        switch (this) {
          case SEARCH -> config.searches();
          case WRITE -> config.writes();
          case READ -> config.reads();
          case EXPORT -> config.exports();
          case UPLOAD -> config.uploads();
        };
    return configured.orElse(Math.max(1, pool * percent / 100 / connections));
  }
}
