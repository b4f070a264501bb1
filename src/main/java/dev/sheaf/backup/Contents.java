package dev.sheaf.backup;

import dev.sheaf.database.Sql;
import dev.sheaf.migration.Difference;
import dev.sheaf.migration.Difference.Kind;
import dev.sheaf.migration.catalog.CatalogSnapshot;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/// What is in a database, as far as a dump carries it: every object's definition, and how many rows
/// each table has. Who may do what is not part of it; every installation decides that for itself.
///
/// @param catalog an object's kind and name, and its definition, as in [CatalogSnapshot]
/// @param rows by table, schema-qualified; of partitioned tables the partitions
record Contents(SortedMap<String, String> catalog, SortedMap<String, Long> rows) {

  private static final String EXTENSION = "extension ";

  /// The least bytes of a kind and a name that was cut: PostgreSQL cuts names to 63 bytes, at the
  /// end of a character.
  private static final int CUT = "cast ".length() + 60;

  Contents {
    catalog = Collections.unmodifiableSortedMap(new TreeMap<>(catalog));
    rows = Collections.unmodifiableSortedMap(new TreeMap<>(rows));
  }

  /// Lifts every limit in time that the server, the database or the role sets for `connection`:
  /// what is done here takes as long as there is data.
  static void waitForever(Connection connection) throws SQLException {
    String sql =
        """
        SELECT set_config(name, '0', false)
          FROM pg_settings
         WHERE name IN ('statement_timeout', 'transaction_timeout', 'idle_session_timeout',
                        'idle_in_transaction_session_timeout')
        """;
    try (Statement select = connection.createStatement()) {
      select.execute(sql);
    }
  }

  /// Every table that holds rows of its own and is part of a dump; with partitioned ones, those
  /// that have to be locked.
  static List<String> tables(Connection connection, boolean partitioned) throws SQLException {
    String sql =
        """
        SELECT format('%%I.%%I', n.nspname, c.relname)
          FROM pg_class c
          JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE c.relkind IN (%s)
           AND c.relpersistence <> 't'
           AND n.nspname !~ '^pg_'
           AND n.nspname <> 'information_schema'
           AND NOT EXISTS (SELECT FROM pg_depend d
                            WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
         ORDER BY 1
        """
            .formatted(partitioned ? "'r', 'p'" : "'r'");
    return Sql.of(sql).list(connection, row -> row.getString(1));
  }

  /// Called after each table that was counted.
  interface Counted {
    /// Whether it is worth going on.
    boolean goOn(int tables);
  }

  /// Reads them in the transaction of `connection`.
  static Contents of(Connection connection, Counted counted) throws SQLException {
    SortedMap<String, Long> rows = new TreeMap<>();
    CatalogSnapshot snapshot = CatalogSnapshot.of(connection);
    int done = 0;
    for (String table : tables(connection, false)) {
      rows.put(table, count(connection, table));
      if (!counted.goOn(++done)) {
        break;
      }
    }
    return new Contents(dumped(snapshot), rows);
  }

  /// A query locks the indexes of its table, too, until the end of the transaction. The server does
  /// not have as many locks as a database of many collections has indexes, so they are released at
  /// once.
  private static long count(Connection connection, String table) throws SQLException {
    Savepoint before = connection.getAutoCommit() ? null : connection.setSavepoint();
    long count =
        Sql.of("SELECT count(*) FROM ONLY " + table)
            .first(connection, row -> row.getLong(1))
            .orElseThrow();
    if (before != null) {
      connection.rollback(before);
      connection.releaseSavepoint(before);
    }
    return count;
  }

  /// Without privileges, and without indexes that are still being built: a dump leaves those out.
  private static SortedMap<String, String> dumped(CatalogSnapshot snapshot) {
    SortedMap<String, String> catalog = new TreeMap<>(snapshot.objects());
    catalog
        .entrySet()
        .removeIf(object ->
            object.getKey().startsWith("privileges ")
                || object.getKey().startsWith("default privileges ")
                || (object.getKey().startsWith("index ")
                    && object.getValue().matches("(?s).* INVALID( .*)?")));
    return catalog;
  }

  /// How many rows there are in all.
  long total() {
    return rows.values().stream().mapToLong(Long::longValue).sum();
  }

  /// What `restored` lacks, has too much, or has otherwise. Another version of an extension is
  /// none: a backup may be restored on a newer server.
  List<Difference> differences(Contents restored) {
    List<Difference> differences = new ArrayList<>();
    compare(catalog, cutLike(catalog, restored.catalog), "", differences);
    compare(rows, restored.rows, "rows of ", differences);
    return List.copyOf(differences);
  }

  /// Earlier versions cut the names of objects to the length of an identifier, and put together the
  /// definitions of those that had one name then. `actual` with the names that `expected` has.
  private static SortedMap<String, String> cutLike(
      SortedMap<String, String> expected, SortedMap<String, String> actual) {
    SortedMap<String, String> cut = new TreeMap<>();
    actual.forEach((name, definition) ->
        cut.merge(
            expected.containsKey(name)
                ? name
                : expected.headMap(name).keySet().stream()
                    .filter(shorter -> shorter.getBytes(StandardCharsets.UTF_8).length >= CUT)
                    .filter(name::startsWith)
                    .reduce((_, longest) -> longest)
                    .orElse(name),
            definition,
            (one, other) -> one.compareTo(other) < 0 ? one + "\n" + other : other + "\n" + one));
    return cut;
  }

  private static void compare(
      SortedMap<String, ?> expected,
      SortedMap<String, ?> actual,
      String what,
      List<Difference> differences) {
    SortedSet<String> names = new TreeSet<>(expected.keySet());
    names.addAll(actual.keySet());
    for (String name : names) {
      Object should = expected.get(name);
      Object is = actual.get(name);
      if (is == null) {
        differences.add(new Difference(Kind.MISSING, what + name, String.valueOf(should), null));
      } else if (should == null) {
        differences.add(new Difference(Kind.EXTRA, what + name, null, String.valueOf(is)));
      } else if (!should.equals(is) && !name.startsWith(EXTENSION)) {
        differences.add(
            new Difference(Kind.CHANGED, what + name, String.valueOf(should), String.valueOf(is)));
      }
    }
  }

  /// The extensions that `restored` has in another version, one sentence each.
  List<String> otherVersions(Contents restored) {
    List<String> notes = new ArrayList<>();
    catalog
        .tailMap(EXTENSION)
        .forEach((object, version) -> {
          String other = restored.catalog.get(object);
          if (object.startsWith(EXTENSION) && other != null && !other.equals(version)) {
            notes.add(object + " was " + version + " and is " + other + " where it was restored");
          }
        });
    return notes;
  }
}
