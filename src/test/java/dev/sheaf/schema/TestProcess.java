package dev.sheaf.schema;

/// What tests need that start processes of their own.
final class TestProcess {

  private TestProcess() {}

  /// `address` as a `DATABASE_URL`.
  static String url(DatabaseAddress address) {
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
