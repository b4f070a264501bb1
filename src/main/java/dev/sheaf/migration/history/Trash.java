package dev.sheaf.migration.history;

import dev.sheaf.database.Sql;
import dev.sheaf.migration.TrashEntry;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The trash: tables and columns that `sheaf_trash_table` and `sheaf_trash_column` removed and that
/// are not dropped yet. They are recorded in the table `schema_trash`. The functions are defined in
/// `bookkeeping.sql` and called by changelog files.
public final class Trash {

  private static final String KEY = "format('%I.%I.%I', schema_name, table_name, kept_as)";

  private Trash() {}

  /// An object in the trash.
  ///
  /// @param key identifies it among all objects that were moved to the trash and not restored; the
  ///   same in every database in which the same changesets ran
  /// @param path the changeset's file
  /// @param drop the statement that drops it permanently; `null` if it does not exist any more
  public record Item(
      long id, String key, TrashEntry entry, @Nullable String path, @Nullable String drop) {}

  /// What has been in the trash for at least `age`, oldest first; empty if there is no trash yet.
  public static List<Item> read(Connection connection, Duration age) throws SQLException {
    String sql =
        """
        SELECT t.id,
               concat_ws('.', quote_ident(schema_name), quote_ident(table_name), quote_ident(column_name)),
               concat_ws('.', quote_ident(nspname), quote_ident(relname), quote_ident(attname)),
               (SELECT sum(pg_total_relation_size(coalesce(p.relid, c.oid)))::bigint
                  FROM (VALUES (1)) one LEFT JOIN pg_partition_tree(c.oid) p ON true
                 WHERE column_name IS NULL),
               changeset,
               buried_at,
               CASE
                   WHEN column_name IS NULL AND nspname = 'sheaf_trash' THEN format('DROP TABLE %I.%I', nspname, relname)
                   WHEN attname IS NOT NULL THEN format('ALTER TABLE %I.%I DROP COLUMN %I', nspname, relname, attname)
               END,
               %s
          FROM schema_trash t
          LEFT JOIN pg_class c ON c.oid = t.relation
          LEFT JOIN pg_namespace n ON n.oid = c.relnamespace
          LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = t.kept_as AND column_name IS NOT NULL
         WHERE emptied_at IS NULL
           AND buried_at <= now() - make_interval(secs => ?)
         ORDER BY t.id
        """
            .replace("%s", KEY);
    return Sql.of(sql, age.toMillis() / 1_000.0).listIfExists(connection, Trash::item);
  }

  private static Item item(ResultSet row) throws SQLException {
    String path = row.getString(5);
    return new Item(
        row.getLong(1),
        row.getString(8),
        new TrashEntry(
            row.getString(2),
            row.getString(3),
            row.getObject(4, Long.class),
            path == null ? null : History.label(path),
            row.getTimestamp(6).toInstant()),
        path,
        row.getString(7));
  }

  /// Drops `item` permanently, in the caller's transaction.
  public static void drop(Connection connection, Item item) throws SQLException {
    if (item.drop() != null) {
      Sql.of(item.drop()).update(connection);
    }
    Sql.of("UPDATE schema_trash SET emptied_at = now(), relation = NULL WHERE id = ?", item.id())
        .update(connection);
  }

  /// Drops everything in the trash of a scratch database.
  public static void empty(Connection scratch) throws SQLException {
    for (Item item : read(scratch, Duration.ZERO)) {
      drop(scratch, item);
    }
    dropSchema(scratch);
  }

  /// Drops the columns from the trash of `reference` that were dropped permanently in `live`. The
  /// same changesets ran in both databases.
  public static void mirror(Connection live, Connection reference) throws SQLException {
    List<String> emptied =
        Sql.of(
                "SELECT "
                    + KEY
                    + " FROM schema_trash WHERE column_name IS NOT NULL AND emptied_at IS NOT NULL")
            .listIfExists(live, row -> row.getString(1));
    for (Item item : read(reference, Duration.ZERO)) {
      if (emptied.contains(item.key())) {
        drop(reference, item);
      }
    }
  }

  /// Drops the schema of tables in the trash, unless it contains something.
  public static void dropSchema(Connection connection) throws SQLException {
    String sql =
        """
        DO $$
        BEGIN
            IF to_regnamespace('sheaf_trash') IS NOT NULL
               AND NOT EXISTS (SELECT FROM pg_class WHERE relnamespace = to_regnamespace('sheaf_trash')) THEN
                DROP SCHEMA sheaf_trash;
            END IF;
        END $$
        """;
    try (Statement statement = connection.createStatement()) {
      statement.setEscapeProcessing(false);
      statement.execute(sql);
    }
  }
}
