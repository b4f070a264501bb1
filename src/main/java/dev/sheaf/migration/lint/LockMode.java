package dev.sheaf.migration.lint;

import com.fasterxml.jackson.annotation.JsonValue;

/// How a table is locked, from the weakest to the strongest; see PostgreSQL's chapter on explicit
/// locking for what conflicts with what.
public enum LockMode {
  ACCESS_SHARE,
  ROW_SHARE,
  ROW_EXCLUSIVE,
  SHARE_UPDATE_EXCLUSIVE,
  SHARE,
  SHARE_ROW_EXCLUSIVE,
  EXCLUSIVE,
  ACCESS_EXCLUSIVE;

  /// @param name as `pg_locks` has it, such as `AccessExclusiveLock`
  static LockMode of(String name) {
    return valueOf(
        name.replaceFirst("Lock$", "")
            .replaceAll("(?<=[a-z])(?=[A-Z])", "_")
            .toUpperCase(java.util.Locale.ROOT));
  }

  /// Whether INSERT, UPDATE and DELETE wait for it.
  public boolean blocksWrites() {
    return compareTo(SHARE) >= 0;
  }

  /// Whether SELECT waits for it.
  boolean blocksReads() {
    return this == ACCESS_EXCLUSIVE;
  }

  /// Whether a check of a foreign key in a referencing table waits for it.
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
