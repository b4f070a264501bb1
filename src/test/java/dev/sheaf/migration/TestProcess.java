package dev.sheaf.migration;

import dev.sheaf.database.DatabaseAddress;

/// Helpers for tests that start processes.
public final class TestProcess {

  private TestProcess() {}

  /// `address` as a `DATABASE_URL`.
  public static String url(DatabaseAddress address) {
    String password = address.password() == null ? "" : ":" + address.password();
    String credentials = address.user() == null ? "" : address.user() + password + "@";
    return "postgres://"
        + credentials
        + address.host()
        + ":"
        + address.port()
        + "/"
        + address.database();
  }
}
