package dev.sheaf.limits;

import java.util.OptionalInt;

/// Work that takes connections of the pool. Each kind has its own share of it, so that none starves
/// another; what is left is for what goes on in the background.
public enum WorkKind {
  SEARCH("searches", 35, 1),
  /// Documents put, changed or deleted.
  WRITE("writes", 15, 1),
  /// Documents read, or pages of them.
  READ("reads", 10, 1),
  /// All documents of a collection, for as long as the client takes to read them.
  EXPORT("exports", 5, 1),
  /// An upload prepares one batch while it writes another.
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

  /// Connections that one of them takes.
  int connections() {
    return connections;
  }

  /// How many may be under way at once.
  ///
  /// @param pool connections of this replica
  int places(LimitsConfig config, int pool) {
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
