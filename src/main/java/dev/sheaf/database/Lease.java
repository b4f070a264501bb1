package dev.sheaf.database;

import java.time.Duration;

/// The right of one process to work on a row, in the columns `lease_holder` and `lease_until`: it
/// lasts for some time by the server's clock, is extended while the work goes on, and runs out when
/// the process dies.
///
/// The methods are SQL over those columns, for the statements of the tables that have them.
///
/// @param holder who holds it, as `lease_holder` stores it
/// @param length how long it lasts unless it is extended
public record Lease(String holder, Duration length) {

  /// The lease has run out.
  public static final String EXPIRED = "lease_until < clock_timestamp()";

  /// Nobody holds it any more.
  public static final String RELEASE = "lease_holder = NULL, lease_until = NULL";

  /// Values of the two columns, in this order.
  public String values() {
    return quotedHolder() + ", " + until(length);
  }

  /// Takes the lease, in the `SET` of an `UPDATE`.
  public String take() {
    return "lease_holder = " + quotedHolder() + ", " + extend();
  }

  /// Extends the lease, in the `SET` of an `UPDATE`.
  public String extend() {
    return "lease_until = " + until(length);
  }

  /// It is ours, unless another has taken it since.
  public String isHeld() {
    return "lease_holder = " + quotedHolder();
  }

  /// It can be taken: it is nobody's, has run out or is ours.
  public String isFree() {
    return "(lease_until IS NULL OR " + EXPIRED + " OR " + isHeld() + ")";
  }

  /// It lasts, and is not ours.
  public String isHeldByAnother() {
    return "(NOT " + EXPIRED + " AND lease_holder <> " + quotedHolder() + ")";
  }

  /// It has lasted for a third of its length or longer.
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
