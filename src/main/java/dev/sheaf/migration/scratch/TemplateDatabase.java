package dev.sheaf.migration.scratch;

import dev.sheaf.database.AdvisoryLock;
import dev.sheaf.database.DatabaseAddress;
import dev.sheaf.database.SqlErrorMessage;
import dev.sheaf.migration.MigrationResult;
import dev.sheaf.runtime.OperatorException;
import dev.sheaf.runtime.ProcessIdentity;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.function.Function;
import java.util.regex.Pattern;

/// An up-to-date database without connections, for `CREATE DATABASE x TEMPLATE name`, which takes
/// milliseconds. Its comment is the fingerprint of its changelogs. It can be read without a
/// connection to the template, which would prevent cloning. The template is built as a scratch
/// database and renamed when it is complete, so that a crash leaves no incomplete template.
public final class TemplateDatabase {

  private static final Pattern NAME = Pattern.compile("[a-z_][a-z0-9_]{0,50}");

  /// "sheaf" in ASCII, and the name's hash: one builder per template at a time.
  private static final int LOCK_CLASS = 0x68656166;

  private TemplateDatabase() {}

  /// Creates or refreshes the template `name`, unless it is up to date.
  ///
  /// @param server a database on the server, and a role that may create databases
  /// @param fingerprint the fingerprint of the changelogs
  /// @param migration migrates a database
  /// @return the result of the migration; empty if the template was up to date
  public static MigrationResult refresh(
      DatabaseAddress server,
      String name,
      String fingerprint,
      Function<DatabaseAddress, MigrationResult> migration) {
    if (!NAME.matcher(name).matches()) {
      throw new OperatorException(
          "invalid name of a template database: " + name, "use lower-case letters, digits and _");
    }
    String comment = "sheaf template " + fingerprint;
    try (Connection connection = server.openWithoutLimits("sheaf " + ProcessIdentity.NAME);
        Statement statement = connection.createStatement();
        AdvisoryLock _ = AdvisoryLock.acquire(connection, key(connection, name))) {
      return isCurrent(connection, name, comment)
          ? MigrationResult.nothing()
          : build(statement, server, name, comment, migration);
    } catch (SQLException e) {
      throw SqlErrorMessage.running(server, "creating the template database " + name, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new OperatorException(
          "interrupted while another process creates " + name, "run it again", e);
    }
  }

  private static AdvisoryLock.Key key(Connection connection, String name) throws SQLException {
    try (PreparedStatement select = connection.prepareStatement("SELECT hashtext(?)")) {
      select.setString(1, name);
      try (ResultSet row = select.executeQuery()) {
        row.next();
        return AdvisoryLock.Key.of(LOCK_CLASS, row.getInt(1));
      }
    }
  }

  private static MigrationResult build(
      Statement statement,
      DatabaseAddress server,
      String name,
      String comment,
      Function<DatabaseAddress, MigrationResult> migration)
      throws SQLException {
    try (ScratchDatabase database = ScratchDatabase.create(server)) {
      MigrationResult result = migration.apply(database.address());
      if (result.success()) {
        drop(statement, name);
        database.keepAsTemplate(name, comment);
      }
      return result;
    }
  }

  /// Drops a template database if it exists.
  public static void drop(Statement statement, String name) throws SQLException {
    try (ResultSet row =
        statement.executeQuery(
            "SELECT EXISTS (SELECT FROM pg_database WHERE datname = '" + name + "')")) {
      if (!row.next() || !row.getBoolean(1)) {
        return;
      }
    }
    statement.execute("ALTER DATABASE " + name + " WITH IS_TEMPLATE false");
    ScratchDatabase.drop(statement, name);
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
}
