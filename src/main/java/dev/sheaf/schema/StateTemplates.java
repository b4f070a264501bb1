package dev.sheaf.schema;

import dev.sheaf.schema.MigrationListener.Direction;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/// Template databases of a schema between two of its changesets, kept for whoever looks at the same
/// state again.
///
/// A template's name is the fingerprint of what is applied in it, so it is never out of date. A
/// state that has none is made from the nearest before it. The day on which it was last used is its
/// comment; those that nobody has used for a week go when another is made.
final class StateTemplates {

  private static final String PREFIX = "sheaf_state_";
  private static final String EMPTY = "template0";
  private static final String DUPLICATE_DATABASE = "42P04";

  private StateTemplates() {}

  /// The name of a database to clone, in which exactly `changesets` are applied.
  static String ensure(List<Changeset> changesets, DatabaseAddress server, SchemaConfig config) {
    List<String> names = names(changesets);
    try (Connection connection = server.open("sheaf " + Client.NAME)) {
      int applied = longest(connection, names);
      if (applied < changesets.size()) {
        build(connection, changesets, names, applied, server, config);
      }
      String name = names.getLast();
      if (!name.equals(EMPTY)) {
        touch(connection, name);
      }
      return name;
    } catch (SQLException e) {
      throw SqlProblem.running(server, "creating a template of a state", null, e);
    }
  }

  /// A name for each number of changesets, from none to all.
  private static List<String> names(List<Changeset> changesets) {
    List<String> names = new ArrayList<>(List.of(EMPTY));
    byte[] fingerprint = {};
    for (Changeset changeset : changesets) {
      MessageDigest digest = sha256();
      digest.update(fingerprint);
      digest.update(changeset.file().path().getBytes(StandardCharsets.UTF_8));
      digest.update((byte) 0);
      digest.update(changeset.file().content().getBytes(StandardCharsets.UTF_8));
      fingerprint = digest.digest();
      names.add(PREFIX + HexFormat.of().formatHex(fingerprint, 0, 10));
    }
    return names;
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  /// How many changesets are applied in the furthest state that there is a template of.
  private static int longest(Connection connection, List<String> names) throws SQLException {
    String sql =
        """
        SELECT coalesce(max(n), 1) - 1
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

  /// Made under another name and renamed when complete, so that a crash leaves no half-made one.
  private static void build(
      Connection connection,
      List<Changeset> changesets,
      List<String> names,
      int applied,
      DatabaseAddress server,
      SchemaConfig config)
      throws SQLException {
    try (ScratchDatabase work = ScratchDatabase.cloned(server, names.get(applied));
        Statement statement = connection.createStatement()) {
      try (Connection inside = work.address().open("sheaf " + Client.NAME)) {
        History.prepare(inside);
        ChangesetRunner runner =
            new ChangesetRunner(
                inside, work.address(), config, new MigrationListener() {}, Approval.NONE);
        for (Changeset changeset : changesets.subList(applied, changesets.size())) {
          runner.run(changeset, Direction.UP);
        }
      }
      String name = names.getLast();
      try {
        statement.execute("ALTER DATABASE " + work.address().database() + " RENAME TO " + name);
        statement.execute(
            "ALTER DATABASE " + name + " WITH IS_TEMPLATE true ALLOW_CONNECTIONS false");
      } catch (SQLException e) {
        // Somebody else has made the same at the same time.
        if (!SqlProblem.state(e).equals(DUPLICATE_DATABASE)) {
          throw e;
        }
      }
      dropUnused(statement);
    }
  }

  private static void touch(Connection connection, String name) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(
          """
          DO $$
          BEGIN
              IF shobj_description((SELECT oid FROM pg_database WHERE datname = '%1$s'), 'pg_database')
                 IS DISTINCT FROM 'last used ' || current_date THEN
                  EXECUTE 'COMMENT ON DATABASE %1$s IS ' || quote_literal('last used ' || current_date);
              END IF;
          END $$
          """
              .formatted(name));
    }
  }

  private static void dropUnused(Statement statement) throws SQLException {
    String sql =
        """
        SELECT datname
          FROM pg_database
         WHERE datname ~ '^%s[0-9a-f]+$'
           AND pg_has_role(datdba, 'USAGE')
           AND substring(shobj_description(oid, 'pg_database') FROM 'last used (.*)')::date < current_date - 7
        """
            .formatted(PREFIX);
    List<String> unused = new ArrayList<>();
    try (ResultSet row = statement.executeQuery(sql)) {
      while (row.next()) {
        unused.add(row.getString(1));
      }
    }
    for (String name : unused) {
      TemplateDatabase.drop(statement, name);
    }
  }
}
