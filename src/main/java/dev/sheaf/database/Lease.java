package dev.sheaf.database;

import java.time.Duration;

/// The exclusive right of a process to work on a row, stored in the columns `lease_holder` and
/// `lease_until`. The holder extends it during the work; if the holder dies, the lease expires, by
/// the server's clock.
///
/// The methods return SQL over these columns, for statements on the tables that have them.
///
/// @param holder the value of `lease_holder`
/// @param length the time until the lease expires unless it is extended
public record Lease(String holder, Duration length) {

  /// A condition: the lease has expired.
  public static final String EXPIRED = "lease_until < clock_timestamp()";

  /// An assignment that releases the lease.
  public static final String RELEASE = "lease_holder = NULL, lease_until = NULL";

  /// The values of the two columns, in the order holder, expiry.
  public String values() {
    return quotedHolder() + ", " + until(length);
  }

  /// Assignments that take the lease, for the `SET` clause of an `UPDATE`.
  public String take() {
    return "lease_holder = " + quotedHolder() + ", " + extend();
  }

  /// An assignment that extends the lease, for the `SET` clause of an `UPDATE`.
  public String extend() {
    return "lease_until = " + until(length);
  }

  /// A condition: this holder has the lease.
  public String isHeld() {
    return "lease_holder = " + quotedHolder();
  }

  /// A condition: the lease is free, expired, or held by this holder.
  public String isFree() {
    return "(lease_until IS NULL OR " + EXPIRED + " OR " + isHeld() + ")";
  }

  /// A condition: another holder has the lease and it has not expired.
  public String isHeldByAnother() {
    return "(NOT " + EXPIRED + " AND lease_holder <> " + quotedHolder() + ")";
  }

  /// A condition: at least a third of the lease has elapsed.
  public String isToBeExtended() {
    return "lease_until < " + until(length.multipliedBy(2).dividedBy(3));
  }

  private static String until(Duration duration) {
    return "clock_timestamp() + interval '" + duration.toMillis() + " ms'";
  }

  private String quotedHolder() {
    return "'" + holder.replace("'", "''") + "'";
  }
}
