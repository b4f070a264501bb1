package dev.sheaf.migration.scratch;

import dev.sheaf.database.DatabaseAddress;
import dev.sheaf.database.SqlErrorMessage;
import dev.sheaf.migration.MigrationResult;
import dev.sheaf.runtime.OperatorException;
import dev.sheaf.runtime.ProcessIdentity;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.HexFormat;
import java.util.function.Function;
import java.util.regex.Pattern;

/// A database at head that nobody connects to, to be cloned in milliseconds: `CREATE DATABASE x
/// TEMPLATE name`.
///
/// The fingerprint of its changelogs is its comment, which can be read without connecting to it; a
/// connection would be in the way of whoever clones it. It is built under another name and renamed
/// when it is complete, so that a crash leaves no half-made template behind.
public final class TemplateDatabase {

  private static final Pattern NAME = Pattern.compile("[a-z_][a-z0-9_]{0,50}");

  /// "sheaf" in ASCII, and the name's hash: one builder per template at a time.
  private static final int LOCK_CLASS = 0x68656166;

  private TemplateDatabase() {}

  /// Makes `name` a template at head, unless it is one.
  ///
  /// @param server a database on the server, and a role that may create databases
  /// @param fingerprint of the changelogs
  /// @param migration brings the database it is given up to date
  /// @return what migrating it did; nothing when it was up to date
  public static MigrationResult refresh(
      DatabaseAddress server,
      String name,
      String fingerprint,
      Function<DatabaseAddress, MigrationResult> migration) {
    if (!NAME.matcher(name).matches()) {
      throw new OperatorException(
          "not a name for a template database: " + name, "it is lower-case letters, digits and _");
    }
    String comment = "sheaf template " + fingerprint;
    try (Connection connection = server.open("sheaf " + ProcessIdentity.NAME)) {
      lock(connection, name);
      if (isCurrent(connection, name, comment)) {
        return MigrationResult.nothing();
      }
      return build(connection, server, name, comment, migration);
    } catch (SQLException e) {
      throw SqlErrorMessage.running(server, "creating the template database " + name, e);
    }
  }

  private static MigrationResult build(
      Connection connection,
      DatabaseAddress server,
      String name,
      String comment,
      Function<DatabaseAddress, MigrationResult> migration)
      throws SQLException {
    byte[] random = new byte[4];
    new SecureRandom().nextBytes(random);
    String work = name + "_" + HexFormat.of().formatHex(random);
    try (Statement statement = connection.createStatement()) {
      statement.execute("CREATE DATABASE " + work + " TEMPLATE template0");
      try {
        MigrationResult result = migration.apply(server.withDatabase(work));
        if (!result.success()) {
          return result;
        }
        statement.execute("COMMENT ON DATABASE " + work + " IS '" + comment + "'");
        drop(statement, name);
        statement.execute("ALTER DATABASE " + work + " RENAME TO " + name);
        statement.execute(
            "ALTER DATABASE " + name + " WITH IS_TEMPLATE true ALLOW_CONNECTIONS false");
        return result;
      } finally {
        statement.execute("DROP DATABASE IF EXISTS " + work + " WITH (FORCE)");
      }
    }
  }

  /// Drops a template database, if there is one of that name.
  public static void drop(Statement statement, String name) throws SQLException {
    try (ResultSet row =
        statement.executeQuery(
            "SELECT EXISTS (SELECT FROM pg_database WHERE datname = '" + name + "')")) {
      if (!row.next() || !row.getBoolean(1)) {
        return;
      }
    }
    statement.execute("ALTER DATABASE " + name + " WITH IS_TEMPLATE false");
    statement.execute("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)");
  }

  private static boolean isCurrent(Connection connection, String name, String comment)
      throws SQLException {
    String sql =
        "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = ? AND datistemplate";
    try (PreparedStatement select = connection.prepareStatement(sql)) {
      select.setString(1, name);
      try (ResultSet row = select.executeQuery()) {
        return row.next() && comment.equals(row.getString(1));
      }
    }
  }

  /// Held until the connection ends.
  private static void lock(Connection connection, String name) throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement("SELECT pg_try_advisory_lock(?, hashtext(?))")) {
      select.setInt(1, LOCK_CLASS);
      select.setString(2, name);
      while (true) {
        try (ResultSet row = select.executeQuery()) {
          if (row.next() && row.getBoolean(1)) {
            return;
          }
        }
        try {
          Thread.sleep(Duration.ofMillis(50));
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          throw new OperatorException(
              "interrupted while another builds " + name, "run it again", e);
        }
      }
    }
  }
}
