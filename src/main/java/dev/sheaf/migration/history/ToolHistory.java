package dev.sheaf.migration.history;

import dev.sheaf.database.Sql;
import dev.sheaf.migration.changelog.ChangelogForm;
import dev.sheaf.runtime.OperatorException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// What another tool recorded as applied.
///
/// @param tool the tool
/// @param table its table, with its schema
/// @param applied the versions that are recorded as applied, and the checksum of each if the tool
///   records one
/// @param repeatables the names of the repeatable files that are applied, and the checksum of each
/// @param completeTo everything up to this version is applied too, without being recorded; 0 for
///   nothing
/// @param failed the version whose files ended with a failure; `null` if there is none
public record ToolHistory(
    MigrationTool tool,
    String table,
    SortedMap<Long, Optional<Integer>> applied,
    SortedMap<String, Optional<Integer>> repeatables,
    long completeTo,
    @Nullable Long failed) {

  /// The tables of other tools, and what belongs to them.
  private static final String TABLES =
      """
      SELECT c.oid, format('%I.%I', n.nspname, c.relname), c.relname,
             (SELECT array_agg(attname::text ORDER BY attnum)
                FROM pg_attribute
               WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped),
             pg_table_is_visible(c.oid) AND has_table_privilege(c.oid, 'SELECT')
        FROM pg_class c
        JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE c.relkind = 'r'
         AND n.nspname NOT IN ('pg_catalog', 'information_schema')
         AND EXISTS (SELECT FROM pg_attribute
                      WHERE attrelid = c.oid AND attname IN ('version', 'version_id') AND NOT attisdropped)
       ORDER BY 2
      """;

  private static final String OWNED =
      """
      SELECT format('%I.%I', n.nspname, c.relname)
        FROM pg_class c
        JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE c.oid = ANY (?)
          OR EXISTS (SELECT FROM pg_index WHERE indexrelid = c.oid AND indrelid = ANY (?))
          OR (c.relkind = 'S'
              AND EXISTS (SELECT FROM pg_depend
                           WHERE classid = 'pg_class'::regclass AND objid = c.oid
                             AND refclassid = 'pg_class'::regclass AND refobjid = ANY (?) AND deptype IN ('a', 'i')))
      """;

  /// A whole number, as tools write versions into columns of text.
  private static final Pattern NUMBER = Pattern.compile("\\d{1,18}");

  /// A table of another tool.
  ///
  /// @param visible whether it is found without its schema, and may be read
  private record Table(long oid, String name, MigrationTool tool, boolean visible) {}

  /// Reads the history of a tool.
  ///
  /// @param table its table, with or without its schema; `null` for the tool's default
  /// @throws OperatorException if there is no such table, or it is not one of this tool
  public static ToolHistory read(Connection connection, MigrationTool tool, @Nullable String table)
      throws SQLException {
    String wanted = table == null ? tool.table() : table;
    long oid =
        Sql.of("SELECT coalesce(to_regclass(?)::oid::bigint, 0)", wanted)
            .first(connection, row -> row.getLong(1))
            .orElse(0L);
    List<Table> tables = tables(connection);
    Optional<Table> found = tables.stream().filter(one -> one.oid == oid).findFirst();
    if (oid == 0) {
      throw new OperatorException(
          "there is no table " + wanted + " with the history of " + tool.id(),
          "give its name: --table SCHEMA.NAME");
    }
    if (found.isEmpty() || found.get().tool != tool) {
      throw new OperatorException(
          "table " + wanted + " is not a history of " + tool.id(),
          found
              .map(other -> "it is one of " + other.tool.id())
              .orElse("such a table has the columns " + tool.columns()));
    }
    return read(connection, found.get());
  }

  /// The histories of tools with files of this form, if they are found without their schema.
  public static List<ToolHistory> all(Connection connection, ChangelogForm form)
      throws SQLException {
    List<ToolHistory> histories = new ArrayList<>();
    for (Table table : tables(connection)) {
      if (table.visible && table.tool.form() == form) {
        histories.add(read(connection, table));
      }
    }
    return histories;
  }

  /// The tables of other tools, their indexes and sequences, each as `schema.name`.
  public static Set<String> objects(Connection connection) throws SQLException {
    Long[] tables = tables(connection).stream().map(Table::oid).toArray(Long[]::new);
    return tables.length == 0
        ? Set.of()
        : new HashSet<>(
            Sql.of(OWNED, tables, tables, tables).list(connection, row -> row.getString(1)));
  }

  private static List<Table> tables(Connection connection) throws SQLException {
    List<Table> tables = new ArrayList<>();
    Sql.of(TABLES)
        .list(
            connection,
            row -> {
              List<String> columns = List.of((String[]) row.getArray(4).getArray());
              String name = row.getString(3);
              Optional<MigrationTool> tool =
                  Arrays.stream(MigrationTool.values())
                      .filter(one -> one.owns(name, columns))
                      .findFirst();
              if (tool.isPresent()) {
                tables.add(
                    new Table(row.getLong(1), row.getString(2), tool.get(), row.getBoolean(5)));
              }
              return name;
            });
    return tables;
  }

  private static ToolHistory read(Connection connection, Table table) throws SQLException {
    SortedMap<Long, Optional<Integer>> applied = new TreeMap<>();
    SortedMap<String, Optional<Integer>> repeatables = new TreeMap<>();
    AtomicLong completeTo = new AtomicLong();
    List<Long> failed = new ArrayList<>();
    switch (table.tool) {
      case GOLANG_MIGRATE ->
          Sql.of("SELECT version, dirty FROM " + table.name + " WHERE version >= 0")
              .list(
                  connection,
                  row -> {
                    applied.put(row.getLong(1), Optional.empty());
                    completeTo.set(row.getLong(1));
                    return !row.getBoolean(2) || failed.add(row.getLong(1));
                  });
      case GOOSE ->
          Sql.of("SELECT version_id, is_applied FROM " + table.name + " ORDER BY id")
              .list(
                  connection,
                  row -> {
                    applied.remove(row.getLong(1));
                    // Version 0 is recorded when the table is created.
                    if (row.getBoolean(2) && row.getLong(1) > 0) {
                      applied.put(row.getLong(1), Optional.empty());
                    }
                    return true;
                  });
      case DBMATE ->
          Sql.of("SELECT version FROM " + table.name)
              .list(
                  connection,
                  row -> applied.put(number(table, row.getString(1)), Optional.empty()));
      case FLYWAY -> flyway(connection, table, applied, repeatables, completeTo, failed);
    }
    return new ToolHistory(
        table.tool,
        table.name,
        applied,
        repeatables,
        completeTo.get(),
        failed.isEmpty() ? null : failed.getFirst());
  }

  private static void flyway(
      Connection connection,
      Table table,
      SortedMap<Long, Optional<Integer>> applied,
      SortedMap<String, Optional<Integer>> repeatables,
      AtomicLong completeTo,
      List<Long> failed)
      throws SQLException {
    String sql =
        "SELECT version, type, checksum, success, script FROM %s WHERE type <> 'SCHEMA' ORDER BY installed_rank"
            .formatted(table.name);
    Sql.of(sql)
        .list(
            connection,
            row -> {
              String version = row.getString(1);
              String type = row.getString(2);
              if (version == null && type.equals("SQL")) {
                String file = row.getString(5).substring(row.getString(5).lastIndexOf('/') + 1);
                // Each run adds a row. One that failed is run again.
                repeatables.remove(file);
                if (row.getBoolean(4)) {
                  repeatables.put(file, Optional.ofNullable(row.getObject(3, Integer.class)));
                }
                return true;
              } else if (version == null) {
                throw new OperatorException(
                    row.getString(5) + " is applied, which is not SQL but " + type,
                    "write what it does as a repeatable SQL file, and delete its rows in "
                        + table.name);
              }
              long number = number(table, version);
              switch (type) {
                case "UNDO_SQL", "DELETE" -> applied.remove(number);
                case "BASELINE", "SQL_BASELINE" -> completeTo.set(number);
                case "SQL" ->
                    applied.put(number, Optional.ofNullable(row.getObject(3, Integer.class)));
                default ->
                    throw new OperatorException(
                        row.getString(5) + " is applied, which is not SQL but " + type,
                        "write what it did as a SQL file of the same version");
              }
              return row.getBoolean(4) || failed.add(number);
            });
  }

  private static long number(Table table, String version) {
    if (!NUMBER.matcher(version).matches()) {
      throw new OperatorException(
          "%s has version %s, which is no whole number".formatted(table.name, version),
          "number the files with whole numbers, and the rows of the table likewise");
    }
    return Long.parseLong(version);
  }
}
