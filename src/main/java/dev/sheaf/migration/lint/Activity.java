package dev.sheaf.migration.lint;

/// The accesses to the rows of one table, as PostgreSQL's statistics count them. They include scans
/// that validate a constraint, build an index or rewrite the table.
///
/// @param scans number of sequential scans
/// @param read rows read by sequential scans
/// @param written rows updated or deleted
public record Activity(long scans, long read, long written) {

  static final Activity NONE = new Activity(0, 0, 0);

  Activity plus(Activity other) {
    return new Activity(scans + other.scans, read + other.read, written + other.written);
  }

  /// The difference to `earlier`. If a transaction has ended in between, the counters started at
  /// zero again.
  Activity since(Activity earlier) {
    return new Activity(
        Math.max(0, scans - earlier.scans),
        Math.max(0, read - earlier.read),
        Math.max(0, written - earlier.written));
  }
}
