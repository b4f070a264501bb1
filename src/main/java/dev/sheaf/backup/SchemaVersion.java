package dev.sheaf.backup;

import dev.sheaf.migration.history.History;
import dev.sheaf.runtime.Hashes;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Collections;
import java.util.HexFormat;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// The changesets that are applied to a database.
///
/// @param changesets `module/NNN_name` of each, and its checksum
public record SchemaVersion(SortedMap<String, String> changesets) {

  public SchemaVersion {
    changesets = Collections.unmodifiableSortedMap(new TreeMap<>(changesets));
  }

  /// That of the database behind `connection`; no changesets when it has no history.
  public static SchemaVersion of(Connection connection) throws SQLException {
    return new SchemaVersion(exists(connection) ? History.checksums(connection) : new TreeMap<>());
  }

  /// Asked first, because inside a transaction a failed statement would spoil the others.
  private static boolean exists(Connection connection) throws SQLException {
    try (Statement select = connection.createStatement();
        ResultSet row =
            select.executeQuery("SELECT to_regclass('databasechangelog') IS NOT NULL")) {
      return row.next() && row.getBoolean(1);
    }
  }

  /// SHA-256, in hexadecimal: equal for equal versions only.
  public String fingerprint() {
    MessageDigest digest = Hashes.sha256();
    changesets.forEach((name, checksum) ->
        digest.update((name + '|' + checksum + '\n').getBytes(StandardCharsets.UTF_8)));
    return HexFormat.of().formatHex(digest.digest());
  }

  /// The first changeset that only one of the two has, or that they have in different words; `null`
  /// when they are the same.
  @Nullable String firstDifference(SchemaVersion other) {
    SortedSet<String> names = new TreeSet<>(changesets.keySet());
    names.addAll(other.changesets.keySet());
    return names.stream()
        .filter(name -> !Objects.equals(changesets.get(name), other.changesets.get(name)))
        .findFirst()
        .orElse(null);
  }

  /// The last changeset of each module: `core/006_embedding, fulltext/001_chunk_search`; `empty`
  /// when there is none.
  @Override
  public String toString() {
    Map<String, String> last = new TreeMap<>();
    changesets.keySet().forEach(name -> last.put(name.replaceFirst("/.*", ""), name));
    return last.isEmpty() ? "empty" : String.join(", ", last.values());
  }
}
