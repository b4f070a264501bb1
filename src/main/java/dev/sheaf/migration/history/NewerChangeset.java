package dev.sheaf.migration.history;

import dev.sheaf.database.SqlStates;
import dev.sheaf.runtime.ApplicationVersion;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// An applied changeset that this application does not have, because a newer version applied it.
///
/// @param label `module/NNN_name`
/// @param appliedBy the version of the application that applied it; `null` if unknown
/// @param tolerates the oldest compatible version; `null` if it declares none
public record NewerChangeset(String label, @Nullable String appliedBy, @Nullable String tolerates) {

  /// The newer changesets of `rows`, in the same order.
  public static List<NewerChangeset> of(Connection connection, List<History.Applied> rows)
      throws SQLException {
    String sql =
        """
        SELECT e.application_version, r.tolerates
          FROM unnest(?::text[]) WITH ORDINALITY AS newer (path, nr)
          LEFT JOIN schema_rollback r USING (path)
          LEFT JOIN LATERAL (SELECT application_version
                               FROM schema_event
                              WHERE schema_event.path = newer.path AND action NOT LIKE 'backfill%'
                              ORDER BY id DESC
                              LIMIT 1) e ON true
         ORDER BY nr
        """;
    List<NewerChangeset> newer = new ArrayList<>();
    if (rows.isEmpty()) {
      return newer;
    }
    try (PreparedStatement select = connection.prepareStatement(sql)) {
      select.setArray(
          1, connection.createArrayOf("text", rows.stream().map(History.Applied::path).toArray()));
      try (ResultSet row = select.executeQuery()) {
        for (History.Applied applied : rows) {
          row.next();
          newer.add(new NewerChangeset(applied.label(), row.getString(1), row.getString(2)));
        }
      }
      return newer;
    } catch (SQLException e) {
      // They were applied by a version that did not record this.
      if (SqlStates.of(e).equals(SqlStates.UNDEFINED_TABLE)) {
        return rows.stream().map(row -> new NewerChangeset(row.label(), null, null)).toList();
      }
      throw e;
    }
  }

  /// Whether this version of the application is compatible with it.
  public boolean isToleratedBy(String version) {
    return ApplicationVersion.isAtLeast(version, tolerates);
  }

  /// A text of several changesets, in one line.
  public static String text(List<NewerChangeset> newer) {
    return String.join("; ", newer.stream().map(Object::toString).toList());
  }

  /// `core/007_title, applied by 1.5.0, compatible with 1.4 and later`.
  @Override
  public String toString() {
    return label
        + (appliedBy == null ? "" : ", applied by " + appliedBy)
        + (tolerates == null
            ? ", declares no compatible older version"
            : ", compatible with " + tolerates + " and later");
  }
}
