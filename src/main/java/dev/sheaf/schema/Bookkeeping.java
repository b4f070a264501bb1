package dev.sheaf.schema;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HexFormat;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// The engine's own tables, for the parts of the engine that live in packages of their own.
public final class Bookkeeping {

  /// `user@host/pid` of this process.
  public static final String CLIENT = Client.NAME;

  /// The version of this application.
  public static final String VERSION = Client.VERSION;

  private Bookkeeping() {}

  /// Whether the application of `version` works with a changeset.
  ///
  /// @param tolerates the oldest version that does; `null` when it names none
  public static boolean tolerates(@Nullable String tolerates, String version) {
    return ApplicationVersion.isAtLeast(version, tolerates);
  }

  /// Creates the tables that are missing.
  public static void prepare(Connection connection) throws SQLException {
    History.prepare(connection);
  }

  /// The applied changesets: `module/NNN_name` of each, and its checksum.
  public static SortedMap<String, String> applied(Connection connection) throws SQLException {
    SortedMap<String, String> applied = new TreeMap<>();
    for (History.Applied row : History.read(connection)) {
      applied.put(row.label(), Objects.requireNonNullElse(row.checksum(), ""));
    }
    return applied;
  }

  /// What those tables are.
  static String sql() {
    String path = Changelogs.LOCATION + "/bookkeeping.sql";
    try (InputStream in =
        Thread.currentThread().getContextClassLoader().getResourceAsStream(path)) {
      if (in == null) {
        throw new IllegalStateException("the application holds no " + path);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// SHA-256 of [#sql], in hexadecimal.
  static String fingerprint() {
    return HexFormat.of().formatHex(Sha256.digest().digest(sql().getBytes(StandardCharsets.UTF_8)));
  }

  /// Makes the server notice soon that this process was killed, even while a statement runs.
  public static void noticeDeath(Connection connection) throws SQLException {
    SchemaLock.noticeDeath(connection, SchemaSession.DEATH_NOTICE);
  }

  /// The server's own words in one line.
  public static String message(SQLException e) {
    return SqlProblem.message(e);
  }

  /// What PostgreSQL said while `address` was worked on, as a person needs it.
  ///
  /// @param what what was being done
  public static SchemaException problem(DatabaseAddress address, String what, SQLException e) {
    return SqlProblem.running(address, what, null, e);
  }
}
