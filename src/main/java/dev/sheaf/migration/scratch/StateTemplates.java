package dev.sheaf.migration.scratch;

import dev.sheaf.database.DatabaseAddress;
import dev.sheaf.database.SqlErrorMessage;
import dev.sheaf.database.SqlStates;
import dev.sheaf.migration.MigrationConfig;
import dev.sheaf.migration.changelog.Changeset;
import dev.sheaf.runtime.Hashes;
import dev.sheaf.runtime.ProcessIdentity;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/// Template databases of the schema between two changesets, kept for the next use: one as the
/// changesets leave it, and one with sample rows. The name of a template is the fingerprint of the
/// applied changesets, so it is never out of date. A new template is made from the nearest earlier
/// one. Its comment is the time of its last use. When another is made, templates are dropped that
/// were not used for a week, and the least recently used ones beyond [#MOST].
public final class StateTemplates {

  /// The number of databases that are kept.
  public static final int MOST = 32;

  private static final String PREFIX = "sheaf_state_";
  private static final String WITH_ROWS = "_rows";

  private StateTemplates() {}

  /// The name of a database to clone, in which exactly `changesets` are applied, with sample rows.
  static String ensure(List<Changeset> changesets, DatabaseAddress server, MigrationConfig config) {
    if (changesets.isEmpty()) {
      return ScratchDatabase.EMPTY;
    }
    List<String> names = names(changesets);
    String state = names.getLast();
    String filled = state + WITH_ROWS;
    try (Connection connection = server.openWithoutLimits("sheaf " + ProcessIdentity.NAME)) {
      if (furthest(connection, List.of(filled)) < 0) {
        int applied = furthest(connection, names) + 1;
        if (applied < changesets.size()) {
          make(
              server,
              applied == 0 ? ScratchDatabase.EMPTY : names.get(applied - 1),
              state,
              work -> run(changesets.subList(applied, changesets.size()), work, config));
        }
        make(server, state, filled, StateTemplates::fill);
        dropUnused(connection, MOST);
      }
      touch(connection, state);
      touch(connection, filled);
      return filled;
    } catch (SQLException e) {
      throw SqlErrorMessage.running(server, "creating a state template", e);
    }
  }

  /// A name for each number of changesets, from one to all.
  static List<String> names(List<Changeset> changesets) {
    List<String> names = new ArrayList<>();
    byte[] fingerprint = {};
    for (Changeset changeset : changesets) {
      MessageDigest digest = Hashes.sha256();
      digest.update(fingerprint);
      digest.update(changeset.file().path().getBytes(StandardCharsets.UTF_8));
      digest.update((byte) 0);
      changeset.file().content().update(digest);
      fingerprint = digest.digest();
      names.add(PREFIX + HexFormat.of().formatHex(fingerprint, 0, 10));
    }
    return names;
  }

  /// The position of the last of `names` that exists; -1 if none does.
  private static int furthest(Connection connection, List<String> names) throws SQLException {
    String sql =
        """
        SELECT coalesce(max(n), 0) - 1
          FROM unnest(?::text[]) WITH ORDINALITY AS state (name, n)
          JOIN pg_database ON datname = name AND datistemplate AND pg_has_role(datdba, 'USAGE')
        """;
    try (PreparedStatement select = connection.prepareStatement(sql)) {
      select.setArray(1, connection.createArrayOf("text", names.toArray()));
      try (ResultSet row = select.executeQuery()) {
        row.next();
        return row.getInt(1);
      }
    }
  }

  /// The work on a clone before it becomes a template.
  private interface Work {
    void on(ScratchDatabase database) throws SQLException;
  }

  /// Creates a template under another name and renames it when it is complete, so that a crash
  /// leaves no incomplete template.
  private static void make(DatabaseAddress server, String from, String name, Work work)
      throws SQLException {
    try (ScratchDatabase database = ScratchDatabase.cloned(server, from)) {
      work.on(database);
      database.keepAsTemplate(name, null);
    } catch (SQLException e) {
      // Somebody else has made the same at the same time.
      if (!SqlStates.of(e).equals(SqlStates.DUPLICATE_DATABASE)) {
        throw e;
      }
    }
  }

  private static void run(
      List<Changeset> changesets, ScratchDatabase database, MigrationConfig config)
      throws SQLException {
    ScratchSchema.apply(changesets, database.connection(), database.address(), config);
  }

  private static void fill(ScratchDatabase database) throws SQLException {
    SampleRows.fill(database.connection());
  }

  private static void touch(Connection connection, String name) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(
          """
          DO $$
          BEGIN
              IF EXISTS (SELECT FROM pg_database WHERE datname = '%1$s') THEN
                  EXECUTE 'COMMENT ON DATABASE %1$s IS ' || quote_literal('last used ' || clock_timestamp());
              END IF;
          END $$
          """
              .formatted(name));
    }
  }

  /// Drops all templates of this role on a server.
  ///
  /// @return their names
  public static List<String> dropAll(DatabaseAddress server) {
    try (Connection connection = server.openWithoutLimits("sheaf " + ProcessIdentity.NAME)) {
      return drop(connection, "true");
    } catch (SQLException e) {
      throw SqlErrorMessage.running(server, "dropping the state templates", e);
    }
  }

  /// @param most the number of databases that are kept
  static void dropUnused(Connection connection, int most) throws SQLException {
    drop(
        connection,
        "used < now() - interval '7 days' OR (used IS NOT NULL AND n > %s)".formatted(most));
  }

  /// @param condition on `used`, the time of the last use, and `n`, 1 for the template that was
  ///   used last
  private static List<String> drop(Connection connection, String condition) throws SQLException {
    // A template without a comment was made just now.
    String sql =
        """
        SELECT datname
          FROM (SELECT datname, used, row_number() OVER (ORDER BY used DESC NULLS FIRST, datname) AS n
                  FROM (SELECT datname,
                               substring(shobj_description(oid, 'pg_database') FROM 'last used (.*)')::timestamptz AS used
                          FROM pg_database
                         WHERE datname ~ '^%s[0-9a-f]+(%s)?$'
                           AND pg_has_role(datdba, 'USAGE')) AS t) AS t
         WHERE %s
         ORDER BY datname
        """
            .formatted(PREFIX, WITH_ROWS, condition);
    try (Statement statement = connection.createStatement()) {
      List<String> unused = new ArrayList<>();
      try (ResultSet row = statement.executeQuery(sql)) {
        while (row.next()) {
          unused.add(row.getString(1));
        }
      }
      for (String name : unused) {
        try {
          TemplateDatabase.drop(statement, name);
        } catch (SQLException e) {
          // Another process drops it too, or has just begun to clone it.
          switch (SqlStates.of(e)) {
            case SqlStates.INVALID_CATALOG_NAME,
                SqlStates.OBJECT_IN_USE,
                SqlStates.INTERNAL_ERROR -> {}
            default -> throw e;
          }
        }
      }
      return unused;
    }
  }
}
