package dev.sheaf.ingestion;

/// What became of the documents of an upload. `read` is the sum of the others.
///
/// @param read documents read
/// @param created new ones
/// @param updated ones that differed from what was stored
/// @param unchanged ones that did not
/// @param replaced lines that a later line of the same upload took the place of: the last wins
/// @param failed lines that could not be stored
record Counts(long read, long created, long updated, long unchanged, long replaced, long failed) {

  static final Counts NONE = new Counts(0, 0, 0, 0, 0, 0);

  Counts plus(Counts other) {
    return new Counts(
        read + other.read,
        created + other.created,
        updated + other.updated,
        unchanged + other.unchanged,
        replaced + other.replaced,
        failed + other.failed);
  }
}
