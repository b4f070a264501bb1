package dev.sheaf.limits;

/// Work that takes connections of the pool. Each kind has its own share of it, so that none starves
/// another.
public enum Work {
  SEARCH("searches"),
  WRITE("writes"),
  UPLOAD("uploads");

  private final String plural;

  Work(String plural) {
    this.plural = plural;
  }

  String plural() {
    return plural;
  }
}
