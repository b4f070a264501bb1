package dev.sheaf.migration.history;

import dev.sheaf.database.Sql;
import dev.sheaf.migration.changelog.ChangelogForm;
import dev.sheaf.migration.changelog.ChangesetVersion;
import dev.sheaf.runtime.OperatorException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// What another tool recorded as applied.
///
/// @param tool the tool
/// @param table its table, with its schema
/// @param applied the versions that are recorded as applied, in the order in which the tool applied
///   them, and the checksum of each if the tool records one
/// @param repeatables the names of the repeatable files that are applied, and the checksum of each
/// @param completeTo everything up to this version is applied too, without being recorded;
///   [ChangesetVersion#NONE] for nothing
/// @param failed the version whose files ended with a failure; `null` if there is none
public record ToolHistory(
    MigrationTool tool,
    String table,
    Map<ChangesetVersion, Optional<Integer>> applied,
    SortedMap<String, Optional<Integer>> repeatables,
    ChangesetVersion completeTo,
    @Nullable ChangesetVersion failed) {

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

  /// Objects of tables, and the schemas that hold nothing else.
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
       UNION ALL
      SELECT quote_ident(n.nspname)
        FROM pg_namespace n
       WHERE n.nspname <> 'public'
         AND EXISTS (SELECT FROM pg_class WHERE relnamespace = n.oid AND oid = ANY (?))
         AND NOT EXISTS (SELECT FROM pg_class WHERE relnamespace = n.oid AND relkind NOT IN ('i', 'S') AND oid <> ALL (?))
         AND NOT EXISTS (SELECT FROM pg_proc WHERE pronamespace = n.oid)
         AND NOT EXISTS (SELECT FROM pg_type
                          WHERE typnamespace = n.oid AND typtype IN ('e', 'd', 'r'))
      """;

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

  /// The tables of other tools, their indexes and sequences, each as `schema.name`, and the schemas
  /// that hold nothing else.
  public static Set<String> objects(Connection connection) throws SQLException {
    Long[] tables = tables(connection).stream().map(Table::oid).toArray(Long[]::new);
    return tables.length == 0
        ? Set.of()
        : new HashSet<>(
            Sql.of(OWNED, tables, tables, tables, tables, tables)
                .list(connection, row -> row.getString(1)));
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
    Rows rows = new Rows(table.name);
    switch (table.tool) {
      case GOLANG_MIGRATE ->
          Sql.of("SELECT version, dirty FROM " + table.name + " WHERE version >= 0")
              .list(
                  connection,
                  row -> {
                    rows.completeTo = ChangesetVersion.of(row.getLong(1));
                    rows.applied.put(rows.completeTo, Optional.empty());
                    return !row.getBoolean(2) || rows.failed.add(rows.completeTo);
                  });
      case GOOSE ->
          Sql.of("SELECT version_id, is_applied FROM " + table.name + " ORDER BY id")
              .list(
                  connection,
                  row -> {
                    ChangesetVersion version = ChangesetVersion.of(row.getLong(1));
                    rows.applied.remove(version);
                    // Version 0 is recorded when the table is created.
                    if (row.getBoolean(2) && version.isAfter(ChangesetVersion.NONE)) {
                      rows.applied.put(version, Optional.empty());
                    }
                    return true;
                  });
      case DBMATE ->
          Sql.of("SELECT version FROM " + table.name + " ORDER BY length(version), version")
              .list(
                  connection,
                  row -> rows.applied.put(rows.version(row.getString(1)), Optional.empty()));
      case FLYWAY ->
          Sql.of(
                  """
                  SELECT version, type, checksum, success, script
                    FROM %s
                   WHERE type NOT IN ('SCHEMA', 'TABLE')
                   ORDER BY installed_rank
                  """
                      .formatted(table.name))
              .list(connection, rows::flyway);
    }
    return new ToolHistory(
        table.tool,
        table.name,
        Collections.unmodifiableMap(rows.applied),
        rows.repeatables,
        rows.completeTo,
        rows.failed.isEmpty() ? null : rows.failed.getFirst());
  }

  /// What the rows of a table say, one after the other.
  private static final class Rows {

    private final String table;
    private final Map<ChangesetVersion, Optional<Integer>> applied = new LinkedHashMap<>();
    private final SortedMap<String, Optional<Integer>> repeatables = new TreeMap<>();
    private final List<ChangesetVersion> failed = new ArrayList<>();
    private ChangesetVersion completeTo = ChangesetVersion.NONE;

    private Rows(String table) {
      this.table = table;
    }

    private boolean flyway(ResultSet row) throws SQLException {
      String type = row.getString(2);
      String script = row.getString(5);
      String file = script.substring(script.lastIndexOf('/') + 1);
      Optional<Integer> checksum = Optional.ofNullable(row.getObject(3, Integer.class));
      if (row.getString(1) == null) {
        if (!type.equals("SQL") && !type.equals("DELETE")) {
          throw notSql(script, type, "a repeatable SQL file, and delete its rows in " + table);
        }
        // Each run adds a row. One that failed is run again.
        repeatables.remove(file);
        if (type.equals("SQL") && row.getBoolean(4)) {
          repeatables.put(file, checksum);
        }
        return true;
      }
      ChangesetVersion version = version(row.getString(1));
      if (type.equals("DELETE") || type.startsWith("UNDO_")) {
        applied.remove(version);
      } else if (type.endsWith("BASELINE")) {
        completeTo = version;
      } else if (type.equals("SQL")) {
        applied.remove(version);
        applied.put(version, checksum);
      } else {
        throw notSql(script, type, "a SQL file of the same version");
      }
      return row.getBoolean(4) || failed.add(version);
    }

    private static OperatorException notSql(String script, String type, String instead) {
      return new OperatorException(
          script + " is applied, which is not SQL but " + type, "write what it did as " + instead);
    }

    private ChangesetVersion version(String text) {
      if (!ChangesetVersion.isVersion(text)) {
        throw new OperatorException(
            "%s has version %s, which Sheaf cannot read".formatted(table, text),
            "number the files with numbers of up to 18 digits, and the rows of the table likewise");
      }
      return ChangesetVersion.parse(text);
    }
  }
}
