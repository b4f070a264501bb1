package dev.sheaf.migration;

import dev.sheaf.database.DatabaseAddress;

/// What tests need that start processes of their own.
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
