package dev.sheaf.database;

import dev.sheaf.runtime.OperatorException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The versions of a PostgreSQL server and of its pgvector.
///
/// @param version the version of PostgreSQL, such as `17.6`
/// @param major the major version, such as 17
/// @param vectorAvailable the newest version of pgvector that is installed on the server; `null` if
///   there is none
/// @param vector the version of pgvector that is created in this database; `null` if there is none
public record PostgresServer(
    String version, int major, @Nullable String vectorAvailable, @Nullable String vector) {

  /// Reads the versions.
  public static PostgresServer of(Connection connection) throws SQLException {
    String sql =
        """
        SELECT current_setting('server_version'),
               current_setting('server_version_num')::int / 10000,
               (SELECT default_version FROM pg_available_extensions WHERE name = 'vector'),
               (SELECT extversion FROM pg_extension WHERE extname = 'vector')
        """;
    try (Statement select = connection.createStatement();
        ResultSet row = select.executeQuery(sql)) {
      row.next();
      return new PostgresServer(
          row.getString(1).replaceFirst(" .*", ""),
          row.getInt(2),
          row.getString(3),
          row.getString(4));
    }
  }

  /// The tables that Citus distributes over several servers.
  public static List<String> distributedTables(Connection connection) throws SQLException {
    return Sql.of("SELECT to_regclass('pg_catalog.pg_dist_partition') IS NOT NULL")
            .isTrue(connection)
        ? Sql.of("SELECT logicalrelid::regclass::text FROM pg_dist_partition ORDER BY 1")
            .list(connection, row -> row.getString(1))
        : List.of();
  }

  /// Whether parallel builds of HNSW indexes are safe. Before 0.8.2 such a build can write past its
  /// buffer (CVE-2026-3172).
  public boolean buildsInParallel() {
    return vector != null && atLeast(vector, "0.8.2");
  }

  /// The known defects of this version of pgvector, one sentence each.
  public List<String> vectorRisks() {
    if (vector == null) {
      return List.of();
    }
    return KNOWN_FAULTS.stream()
        .filter(fault -> !atLeast(vector, fault.fixedIn()))
        .map(fault -> "pgvector " + vector + ": " + fault.what() + "; fixed in " + fault.fixedIn())
        .toList();
  }

  /// The failure if `extension` is not installed on the server, with the package to install.
  public static OperatorException missingExtension(
      DatabaseAddress address, String version, int major, String extension) {
    String name = extension.equals("vector") ? "pgvector" : extension;
    String missing =
        "PostgreSQL %s at %s, database %s, does not have the extension \"%s\""
            .formatted(version, address.server(), address.database(), extension);
    if (extension.equals("citus")) {
      return new OperatorException(
          missing,
          "install Citus on each server of the cluster, and add it to shared_preload_libraries; or set sheaf.citus.enabled=false");
    }
    return new OperatorException(
        missing,
        "install the package postgresql-%s-%s on that server (Debian, Ubuntu), or use an image that has it (pgvector/pgvector:pg%s)"
            .formatted(major, name, major));
  }

  private record Fault(String fixedIn, String what) {}

  private static final List<Fault> KNOWN_FAULTS =
      List.of(
          new Fault(
              "0.8.2",
              "parallel HNSW builds can write past a buffer (CVE-2026-3172), so indexes are built serially"),
          new Fault("0.8.3", "VACUUM can corrupt an HNSW index"),
          new Fault("0.8.4", "an HNSW graph can stay unrepaired after deletes"));

  private static boolean atLeast(String version, String wanted) {
    return Arrays.compare(numbers(version), numbers(wanted)) >= 0;
  }

  private static int[] numbers(String version) {
    return Arrays.stream(version.split("\\."))
        .mapToInt(part -> Integer.parseInt(part.replaceAll("\\D.*", "")))
        .toArray();
  }
}
