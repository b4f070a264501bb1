package dev.sheaf.migration.history;

import dev.sheaf.database.SqlStates;
import dev.sheaf.migration.changelog.Changelogs;
import dev.sheaf.runtime.Hashes;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HexFormat;

/// The engine's own tables, beside Liquibase's `databasechangelog`.
public final class EngineTables {

  /// The row of `schema_gate` that records the version of these tables.
  static final String GATE_ROW = "bookkeeping";

  private EngineTables() {}

  /// Creates or updates the engine's tables as in [Changelogs#engineTables], unless they are
  /// recorded as up to date.
  public static void prepare(Connection connection) throws SQLException {
    String fingerprint = fingerprint();
    if (isPrepared(connection, fingerprint)) {
      return;
    }
    try (Statement statement = connection.createStatement()) {
      statement.setEscapeProcessing(false);
      statement.execute(
          """
          BEGIN;
          %1$s;
          DELETE FROM schema_gate WHERE history = '%2$s';
          INSERT INTO schema_gate (fingerprint, history) VALUES ('%3$s', '%2$s');
          COMMIT
          """
              .formatted(Changelogs.engineTables(), GATE_ROW, fingerprint));
    }
  }

  private static boolean isPrepared(Connection connection, String fingerprint) throws SQLException {
    String sql = "SELECT EXISTS (SELECT FROM schema_gate WHERE fingerprint = ? AND history = ?)";
    try (PreparedStatement select = connection.prepareStatement(sql)) {
      select.setString(1, fingerprint);
      select.setString(2, GATE_ROW);
      try (ResultSet row = select.executeQuery()) {
        return row.next() && row.getBoolean(1);
      }
    } catch (SQLException e) {
      if (SqlStates.of(e).equals(SqlStates.UNDEFINED_TABLE)) {
        return false;
      }
      throw e;
    }
  }

  private static String fingerprint() {
    return HexFormat.of()
        .formatHex(
            Hashes.sha256().digest(Changelogs.engineTables().getBytes(StandardCharsets.UTF_8)));
  }
}
