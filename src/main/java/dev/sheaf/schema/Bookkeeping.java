package dev.sheaf.schema;

import java.sql.Connection;
import java.sql.SQLException;

/// The engine's own tables, for the parts of the engine that live in packages of their own.
public final class Bookkeeping {

  /// `user@host/pid` of this process.
  public static final String CLIENT = Client.NAME;

  /// The version of this application.
  public static final String VERSION = Client.VERSION;

  private Bookkeeping() {}

  /// Creates the tables that are missing.
  public static void prepare(Connection connection) throws SQLException {
    History.prepare(connection);
  }

  /// What PostgreSQL said while `address` was worked on, as a person needs it.
  ///
  /// @param what what was being done
  public static SchemaException problem(DatabaseAddress address, String what, SQLException e) {
    return SqlProblem.running(address, what, null, e);
  }
}
