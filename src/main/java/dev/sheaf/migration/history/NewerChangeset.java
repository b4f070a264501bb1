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

/// A changeset that is applied and that this application does not have, because a newer one applied
/// it.
///
/// @param label `module/NNN_name`
/// @param appliedBy the version of the application that applied it; `null` when nobody knows
/// @param tolerates the oldest version that works with it; `null` when it doesn't say
public record NewerChangeset(String label, @Nullable String appliedBy, @Nullable String tolerates) {

  /// What is known of `rows`, in their order.
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
      // Whoever applied them is from before this was recorded.
      if (SqlStates.of(e).equals(SqlStates.UNDEFINED_TABLE)) {
        return rows.stream().map(row -> new NewerChangeset(row.label(), null, null)).toList();
      }
      throw e;
    }
  }

  /// Whether the application of this version works with it.
  public boolean isToleratedBy(String version) {
    return ApplicationVersion.isAtLeast(version, tolerates);
  }

  /// Several in one line.
  public static String text(List<NewerChangeset> newer) {
    return String.join("; ", newer.stream().map(Object::toString).toList());
  }

  /// `core/007_title, applied by 1.5.0, works with 1.4 and later`.
  @Override
  public String toString() {
    return label
        + (appliedBy == null ? "" : ", applied by " + appliedBy)
        + (tolerates == null
            ? ", names no older version that works with it"
            : ", works with " + tolerates + " and later");
  }
}
