package dev.sheaf.migration.lint;

import com.fasterxml.jackson.annotation.JsonValue;

/// The table lock modes of PostgreSQL, from the weakest to the strongest. Its chapter on explicit
/// locking has the table of conflicts.
public enum LockMode {
  ACCESS_SHARE,
  ROW_SHARE,
  ROW_EXCLUSIVE,
  SHARE_UPDATE_EXCLUSIVE,
  SHARE,
  SHARE_ROW_EXCLUSIVE,
  EXCLUSIVE,
  ACCESS_EXCLUSIVE;

  /// @param name as in `pg_locks`, such as `AccessExclusiveLock`
  static LockMode of(String name) {
    return valueOf(
        name.replaceFirst("Lock$", "")
            .replaceAll("(?<=[a-z])(?=[A-Z])", "_")
            .toUpperCase(java.util.Locale.ROOT));
  }

  /// Whether it blocks INSERT, UPDATE and DELETE.
  public boolean blocksWrites() {
    return compareTo(SHARE) >= 0;
  }

  /// Whether it blocks SELECT.
  boolean blocksReads() {
    return this == ACCESS_EXCLUSIVE;
  }

  /// Whether it blocks the foreign key checks of a referencing table.
  public boolean blocksForeignKeyChecks() {
    return compareTo(EXCLUSIVE) >= 0;
  }

  /// As PostgreSQL's documentation writes it: `ACCESS EXCLUSIVE`.
  @JsonValue
  @Override
  public String toString() {
    return name().replace('_', ' ');
  }
}
