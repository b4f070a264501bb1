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
  /// Reads a collection for an export. It may have to wait until the client reads.
  EXPORT("exports", 5, 1),
  /// Writes a part of an upload. It prepares one batch while it writes another, so it uses two
  /// connections.
  UPLOAD("uploads", 15, 2),
  /// Embeds some texts of an embedding request. It uses the model, and no connection.
  EMBEDDING("embeddings", 5, 0),
  /// Looks up an API key that this replica does not know. Any caller can cause it with a guess. It
  /// takes milliseconds, on a connection that is left for background work.
  AUTHENTICATION("authentications", 5, 0);

  private final String plural;
  private final int percent;
  private final int connections;

  WorkKind(String plural, int percent, int connections) {
    this.plural = plural;
    this.percent = percent;
    this.connections = connections;
  }

  /// Whether one owner has at most its share of the permits: a collection, or for uploads and
  /// embeddings a caller. Few exports run at a time.
  boolean isShared() {
    return switch (this) {
      case SEARCH, WRITE, READ, UPLOAD, EMBEDDING -> true;
      case EXPORT, AUTHENTICATION -> false;
    };
  }

  /// Whether nobody needs the operation if its client is gone. A write has an effect anyway.
  boolean endsWithClient() {
    return switch (this) {
      case SEARCH, READ, EXPORT, EMBEDDING -> true;
      case WRITE, UPLOAD, AUTHENTICATION -> false;
    };
  }

  String plural() {
    return plural;
  }

  /// The number of connections of its own that one operation uses.
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
          case EMBEDDING -> config.embeddings();
          case AUTHENTICATION -> config.authentications();
        };
    return configured.orElse(Math.max(1, pool * percent / 100 / Math.max(1, connections)));
  }
}
