package dev.sheaf.migration.lint;

/// What was done to the rows of one table, as PostgreSQL's statistics count it. Scans that validate
/// a constraint, build an index or rewrite the table are counted like any other.
///
/// @param scans sequential scans
/// @param read rows that those read
/// @param written rows updated or deleted
public record Activity(long scans, long read, long written) {

  static final Activity NONE = new Activity(0, 0, 0);

  Activity plus(Activity other) {
    return new Activity(scans + other.scans, read + other.read, written + other.written);
  }

  /// What came on top of `earlier`; a transaction that ended counts from zero again.
  Activity since(Activity earlier) {
    return new Activity(
        Math.max(0, scans - earlier.scans),
        Math.max(0, read - earlier.read),
        Math.max(0, written - earlier.written));
  }
}
