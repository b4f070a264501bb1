package dev.sheaf.migration.scratch;

import dev.sheaf.database.SqlErrorMessage;
import dev.sheaf.database.Transactions;
import dev.sheaf.migration.catalog.Catalog.Detail;
import dev.sheaf.migration.catalog.Catalog.Relation;
import dev.sheaf.migration.catalog.CatalogReader;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// A few rows in every table of a scratch database, so that a changeset's validations and rewrites
/// really happen there, and so that rows which a rollback loses are missed.
///
/// Nothing about a table has to be known: each column has a short list of values that its type and
/// the constraints' own literals suggest, and PostgreSQL searches them for a row that satisfies
/// every constraint. The same schema gets the same rows.
public final class SampleRows {

  private static final int ROWS = 3;

  /// What the partition is called that a table gets which has none.
  static final String PARTITION = "_canary";

  private final Connection connection;
  private final Function<String, Density> densities;
  private final SampleValues values;

  private SampleRows(Connection connection, Function<String, Density> densities) {
    this.connection = connection;
    this.densities = densities;
    this.values = new SampleValues(connection);
  }

  /// How much a table gets.
  public enum Density {
    /// Rows with a value in every column.
    FULL,
    /// Rows with null wherever it is allowed.
    SPARSE,
    /// No row.
    NONE
  }

  /// What was done.
  ///
  /// @param filled tables that were empty and have rows now
  /// @param partitions those that were created, because their table had none to hold a row
  /// @param unfilled tables that are still empty
  public record Result(List<String> filled, List<String> partitions, List<Unfilled> unfilled) {}

  /// A table for which no row was found.
  ///
  /// @param table its qualified name
  /// @param reason the constraints that no value satisfied, or what PostgreSQL said
  public record Unfilled(String table, String reason) {}

  /// Fills every table that has no row. A partitioned table without partitions gets a default one,
  /// `<name>_canary`. Runs in the caller's transaction when there is one.
  public static Result fill(Connection connection) throws SQLException {
    return fill(connection, _ -> Density.FULL);
  }

  /// The same, where some tables must not get just anything: values that nothing forbids yet may be
  /// in the way of a constraint that a changeset adds.
  ///
  /// @param densities by the table's qualified name
  public static Result fill(Connection connection, Function<String, Density> densities)
      throws SQLException {
    SampleRows rows = new SampleRows(connection, densities);
    if (!connection.getAutoCommit()) {
      return rows.fill();
    }
    return Transactions.call(connection, _ -> rows.fill());
  }

  /// @param relations itself and the partitioned tables above it
  private record Table(long oid, String name, Set<Long> relations) {}

  /// @param filled by PostgreSQL itself
  private record Column(
      int number,
      String name,
      SampleValues.Type type,
      boolean notNull,
      boolean filled,
      @Nullable String value) {

    /// The relation in the search that offers this column's values.
    String source() {
      return "canary_" + number;
    }

    String qualified() {
      return source() + "." + name;
    }
  }

  /// What a row must satisfy.
  ///
  /// @param columns their numbers
  /// @param sql over the columns' sources
  private record Condition(Set<Integer> columns, String sql, String description) {}

  private record ForeignKey(
      String name, List<Integer> columns, long referenced, String table, List<String> keys) {}

  private Result fill() throws SQLException {
    List<String> partitions = addPartitions();
    Map<Long, Table> pending = emptyTables();
    Map<Long, List<ForeignKey>> foreignKeys = new LinkedHashMap<>();
    for (long oid : pending.keySet()) {
      foreignKeys.put(oid, foreignKeys(oid));
    }
    List<String> filled = new ArrayList<>();
    List<Unfilled> unfilled = new ArrayList<>();
    while (!pending.isEmpty()) {
      Table next = next(pending, foreignKeys);
      pending.remove(next.oid());
      String reason = fill(next, foreignKeys.getOrDefault(next.oid(), List.of()));
      if (reason == null) {
        filled.add(next.name());
      } else {
        unfilled.add(new Unfilled(next.name(), reason));
      }
    }
    Collections.sort(filled);
    return new Result(List.copyOf(filled), partitions, List.copyOf(unfilled));
  }

  private List<String> addPartitions() throws SQLException {
    String sql =
        """
        SELECT p.partstrat, c.oid::regclass, format('%I.%I', n.nspname, left(c.relname, 56) || '_canary')
          FROM pg_partitioned_table p
          JOIN pg_class c ON c.oid = p.partrelid
          JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE NOT EXISTS (SELECT FROM pg_inherits WHERE inhparent = c.oid)
         ORDER BY 3
        """;
    List<String> partitions = new ArrayList<>();
    try (Statement select = connection.createStatement();
        Statement create = connection.createStatement();
        ResultSet row = select.executeQuery(sql)) {
      while (row.next()) {
        if (densities.apply(row.getString(3)) == Density.NONE) {
          continue;
        }
        String bound =
            row.getString(1).equals("h") ? "FOR VALUES WITH (MODULUS 1, REMAINDER 0)" : "DEFAULT";
        create.execute(
            "CREATE TABLE %s PARTITION OF %s %s"
                .formatted(row.getString(3), row.getString(2), bound));
        partitions.add(row.getString(3));
      }
    }
    return List.copyOf(partitions);
  }

  private Map<Long, Table> emptyTables() throws SQLException {
    String sql =
        """
        SELECT c.oid, format('%I.%I', n.nspname, c.relname),
               ARRAY(SELECT a.relid::oid::bigint FROM pg_partition_ancestors(c.oid) a)
          FROM pg_class c
          JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE c.relkind = 'r'
           AND n.nspname NOT IN ('pg_catalog', 'information_schema')
           AND n.nspname !~ '^pg_(toast|temp)'
           AND NOT EXISTS (SELECT FROM pg_depend
                            WHERE classid = 'pg_class'::regclass AND objid = c.oid AND deptype = 'e')
         ORDER BY 2
        """;
    Set<Long> ours =
        CatalogReader.read(connection, Detail.FACTS).userTables().stream()
            .map(Relation::oid)
            .collect(Collectors.toSet());
    Map<Long, Table> tables = new LinkedHashMap<>();
    try (Statement select = connection.createStatement();
        ResultSet row = select.executeQuery(sql)) {
      while (row.next()) {
        Set<Long> relations = new HashSet<>(List.of((Long[]) row.getArray(3).getArray()));
        relations.add(row.getLong(1));
        Table table = new Table(row.getLong(1), row.getString(2), relations);
        if (ours.contains(table.oid()) && densities.apply(table.name()) != Density.NONE) {
          tables.put(table.oid(), table);
        }
      }
    }
    Set<Long> withRows = new HashSet<>();
    if (!tables.isEmpty()) {
      String rows =
          tables.values().stream()
              .map(t -> "SELECT %s WHERE EXISTS (SELECT FROM ONLY %s)".formatted(t.oid(), t.name()))
              .collect(Collectors.joining(" UNION ALL "));
      try (Statement select = connection.createStatement();
          ResultSet row = select.executeQuery(rows)) {
        while (row.next()) {
          withRows.add(row.getLong(1));
        }
      }
    }
    tables.keySet().removeAll(withRows);
    return tables;
  }

  /// The first that references nothing empty; in a cycle, the first that may leave such references
  /// null.
  private Table next(Map<Long, Table> pending, Map<Long, List<ForeignKey>> foreignKeys)
      throws SQLException {
    Table nullable = null;
    for (Table table : pending.values()) {
      List<ForeignKey> waiting =
          foreignKeys.getOrDefault(table.oid(), List.of()).stream()
              .filter(key ->
                  !table.relations().contains(key.referenced())
                      && pending.values().stream()
                          .anyMatch(other -> other.relations().contains(key.referenced())))
              .toList();
      if (waiting.isEmpty()) {
        return table;
      }
      if (nullable == null) {
        List<Column> columns = columns(table.oid());
        boolean canWait =
            waiting.stream()
                .allMatch(key ->
                    columns.stream()
                        .anyMatch(c -> key.columns().contains(c.number()) && !c.notNull()));
        nullable = canWait ? table : null;
      }
    }
    return nullable == null ? pending.values().iterator().next() : nullable;
  }

  /// @return why it has no row; `null` when it has
  private @Nullable String fill(Table table, List<ForeignKey> foreignKeys) throws SQLException {
    for (int row = 1; row <= ROWS; row++) {
      Savepoint savepoint = connection.setSavepoint();
      String reason;
      try {
        reason = insert(table, foreignKeys, row);
      } catch (SQLException e) {
        connection.rollback(savepoint);
        reason = SqlErrorMessage.message(e);
      }
      connection.releaseSavepoint(savepoint);
      if (reason != null) {
        // A table that admits only one row has it.
        return row == 1 ? reason : null;
      }
    }
    return null;
  }

  private @Nullable String insert(Table table, List<ForeignKey> foreignKeys, int row)
      throws SQLException {
    Set<Integer> referencing = new HashSet<>();
    foreignKeys.forEach(key -> referencing.addAll(key.columns()));
    Map<Integer, Column> columns = new LinkedHashMap<>();
    for (Column column : columns(table.oid())) {
      if (!column.filled() || referencing.contains(column.number())) {
        columns.put(column.number(), column);
      }
    }
    if (columns.isEmpty()) {
      execute("INSERT INTO %s DEFAULT VALUES".formatted(table.name()));
      return null;
    }
    List<Condition> conditions = conditions(table, columns, foreignKeys);
    Map<Integer, String> hints = hints(table, columns);

    Map<Integer, String> sources = new LinkedHashMap<>();
    for (Column column : List.copyOf(columns.values())) {
      boolean free =
          conditions.stream().noneMatch(condition -> condition.columns().contains(column.number()));
      String source =
          source(table, column, free, row, hints.getOrDefault(column.number(), ""), foreignKeys);
      if (source != null) {
        sources.put(column.number(), source);
      } else if (column.notNull() && column.value() == null) {
        return "no value is known for column %s of type %s"
            .formatted(column.name(), column.type().name());
      } else {
        columns.remove(column.number());
      }
    }
    conditions.removeIf(condition -> !columns.keySet().containsAll(condition.columns()));

    List<String> parts = new ArrayList<>();
    for (Set<Integer> part : parts(columns.keySet(), conditions)) {
      List<Condition> ours =
          conditions.stream().filter(c -> part.containsAll(c.columns())).toList();
      parts.add(
          "(SELECT %s FROM %s WHERE %s LIMIT 1)"
              .formatted(
                  part.stream()
                      .map(n -> column(columns, n).qualified())
                      .collect(Collectors.joining(", ")),
                  part.stream().map(sources::get).collect(Collectors.joining(" CROSS JOIN ")),
                  ours.isEmpty()
                      ? "true"
                      : ours.stream().map(Condition::sql).collect(Collectors.joining(" AND "))));
      if (!ours.isEmpty() && !exists(parts.getLast())) {
        return "no values were found for "
            + ours.stream().map(Condition::description).collect(Collectors.joining(", "));
      }
    }
    StringBuilder from = new StringBuilder();
    for (int i = 0; i < parts.size(); i++) {
      from.append(i == 0 ? "" : " CROSS JOIN ").append(parts.get(i)).append(" part_").append(i);
    }
    String names = columns.values().stream().map(Column::name).collect(Collectors.joining(", "));
    int inserted =
        execute(
            "INSERT INTO %s (%s) SELECT %s FROM %s".formatted(table.name(), names, names, from));
    return inserted == 1 ? null : "a trigger keeps rows out";
  }

  private static Column column(Map<Integer, Column> columns, int number) {
    return Objects.requireNonNull(columns.get(number));
  }

  /// What a column may hold, as a relation; `null` when nothing is known.
  private @Nullable String source(
      Table table, Column column, boolean free, int row, String hints, List<ForeignKey> foreignKeys)
      throws SQLException {
    List<String> choices = new ArrayList<>();
    boolean referencing = false;
    for (ForeignKey key : foreignKeys) {
      int position = key.columns().indexOf(column.number());
      if (position >= 0) {
        choices.add(
            "SELECT (%1$s)::%2$s FROM (SELECT DISTINCT %1$s FROM %3$s ORDER BY 1 LIMIT %4$s) r"
                .formatted(key.keys().get(position), column.type().name(), key.table(), 2 * ROWS));
        // A row may reference itself, with any value.
        referencing |= !table.relations().contains(key.referenced());
      }
    }
    if (!referencing) {
      for (String value : values.of(column.type(), row, hints, free)) {
        choices.add("SELECT " + value);
      }
      if (!free && column.value() != null) {
        choices.add("SELECT (%s)::%s".formatted(column.value(), column.type().name()));
      }
    }
    if (!column.notNull()) {
      String nothing = "SELECT NULL::" + column.type().name();
      if (densities.apply(table.name()) == Density.SPARSE) {
        choices.addFirst(nothing);
      } else {
        choices.addLast(nothing);
      }
    }
    return choices.isEmpty()
        ? null
        : "(%s) %s (%s)"
            .formatted(
                choices.stream().map(c -> "(" + c + ")").collect(Collectors.joining(" UNION ALL ")),
                column.source(),
                column.name());
  }

  /// Columns that some condition ties together are searched together.
  private static List<Set<Integer>> parts(Collection<Integer> columns, List<Condition> conditions) {
    List<Set<Integer>> parts = new ArrayList<>();
    columns.forEach(column -> parts.add(new TreeSet<>(Set.of(column))));
    for (Condition condition : conditions) {
      Set<Integer> merged = new TreeSet<>();
      parts.removeIf(
          part -> !Collections.disjoint(part, condition.columns()) && merged.addAll(part));
      if (!merged.isEmpty()) {
        parts.add(merged);
      }
    }
    return parts;
  }

  private List<Column> columns(long table) throws SQLException {
    String sql =
        """
        SELECT a.attnum, quote_ident(a.attname), a.atttypid, a.atttypmod, a.attnotnull OR t.typnotnull,
               a.attgenerated <> '' OR a.attidentity <> ''
                   OR coalesce(pg_get_expr(d.adbin, d.adrelid) ~ '^nextval\\(', false),
               pg_get_expr(d.adbin, d.adrelid)
          FROM pg_attribute a
          JOIN pg_type t ON t.oid = a.atttypid
          LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
         WHERE a.attrelid = ?
           AND a.attnum > 0
           AND NOT a.attisdropped
         ORDER BY a.attnum
        """;
    List<Column> columns = new ArrayList<>();
    try (PreparedStatement select = connection.prepareStatement(sql)) {
      select.setLong(1, table);
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          columns.add(
              new Column(
                  row.getInt(1),
                  row.getString(2),
                  values.type(row.getLong(3), row.getInt(4)),
                  row.getBoolean(5),
                  row.getBoolean(6),
                  row.getString(7)));
        }
      }
    }
    return columns;
  }

  private List<ForeignKey> foreignKeys(long table) throws SQLException {
    // A key that references a partitioned table has further rows, one for each of its partitions.
    String sql =
        """
        SELECT c.conname, c.conkey::int[], c.confrelid, c.confrelid::regclass,
               ARRAY(SELECT quote_ident(a.attname)
                       FROM unnest(c.confkey) WITH ORDINALITY AS k (number, position)
                       JOIN pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = k.number
                      ORDER BY k.position)
          FROM pg_constraint c
         WHERE c.conrelid = ?
           AND c.contype = 'f'
           AND NOT EXISTS (SELECT FROM pg_constraint p WHERE p.oid = c.conparentid AND p.conrelid = c.conrelid)
         ORDER BY c.conname
        """;
    List<ForeignKey> keys = new ArrayList<>();
    try (PreparedStatement select = connection.prepareStatement(sql)) {
      select.setLong(1, table);
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          keys.add(
              new ForeignKey(
                  row.getString(1),
                  List.of((Integer[]) row.getArray(2).getArray()),
                  row.getLong(3),
                  row.getString(4),
                  List.of((String[]) row.getArray(5).getArray())));
        }
      }
    }
    return keys;
  }

  private List<Condition> conditions(
      Table table, Map<Integer, Column> columns, List<ForeignKey> foreignKeys) throws SQLException {
    List<Condition> conditions = new ArrayList<>();
    for (ForeignKey key : foreignKeys) {
      Set<Integer> tied = new TreeSet<>(key.columns());
      if (table.relations().contains(key.referenced())) {
        columns.values().stream()
            .filter(column -> key.keys().contains(column.name()))
            .forEach(column -> tied.add(column.number()));
      }
      conditions.add(
          new Condition(
              tied,
              references(table, key, columns),
              "foreign key " + key.name() + ", whose table " + key.table() + " offers none"));
    }
    String sql =
        """
        SELECT 'check', conkey::int[], pg_get_expr(conbin, conrelid), conname || ' ' || pg_get_constraintdef(oid)
          FROM pg_constraint
         WHERE conrelid = ? AND contype = 'c'
        UNION ALL
        SELECT 'partition', NULL, pg_get_partition_constraintdef(oid), 'the bounds of the partition'
          FROM pg_class
         WHERE oid = ? AND relispartition
        UNION ALL
        SELECT 'unique', (i.indkey::int2[])[0:i.indnkeyatts - 1]::int[], coalesce(pg_get_expr(i.indexprs, i.indrelid), ''),
               'a value not taken, ' || i.indexrelid::regclass
          FROM pg_index i
         WHERE i.indrelid = ? AND (i.indisunique OR i.indisexclusion)
        """;
    try (PreparedStatement select = connection.prepareStatement(sql)) {
      for (int i = 1; i <= 3; i++) {
        select.setLong(i, table.oid());
      }
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          @Nullable String text = row.getString(3);
          if (text == null) {
            continue; // The default partition that is the only one takes everything.
          }
          boolean unique = row.getString(1).equals("unique");
          Array numbers = row.getArray(2);
          Set<Integer> keys = new TreeSet<>(mentioned(text, columns.values()));
          if (numbers != null) {
            keys.addAll(List.of((Integer[]) numbers.getArray()));
            keys.remove(0); // An expression, whose columns are those it mentions.
          }
          if (columns.keySet().containsAll(keys) && !keys.isEmpty()) {
            conditions.add(
                new Condition(
                    keys,
                    unique ? notTaken(table, keys, columns) : "(" + text + ") IS NOT FALSE",
                    row.getString(4)));
          }
        }
      }
    }
    return conditions;
  }

  private static String references(Table table, ForeignKey key, Map<Integer, Column> columns) {
    List<String> conditions = new ArrayList<>();
    List<String> matches = new ArrayList<>();
    for (int i = 0; i < key.columns().size(); i++) {
      String column = column(columns, key.columns().get(i)).qualified();
      conditions.add(column + " IS NULL");
      matches.add("r.%s = %s".formatted(key.keys().get(i), column));
    }
    conditions.add(
        "EXISTS (SELECT FROM %s r WHERE %s)".formatted(key.table(), String.join(" AND ", matches)));
    if (table.relations().contains(key.referenced())) {
      conditions.add("(" + itself(key, columns) + ")");
    }
    return "(" + String.join(" OR ", conditions) + ")";
  }

  private static String itself(ForeignKey key, Map<Integer, Column> columns) {
    Map<String, Column> byName =
        columns.values().stream().collect(Collectors.toMap(Column::name, column -> column));
    List<String> matches = new ArrayList<>();
    for (int i = 0; i < key.columns().size(); i++) {
      Column own = byName.get(key.keys().get(i));
      matches.add(
          own == null
              ? "false"
              : column(columns, key.columns().get(i)).qualified() + " = " + own.qualified());
    }
    return String.join(" AND ", matches);
  }

  /// As text, because not every type that an exclusion can hold has an equality.
  private static String notTaken(Table table, Set<Integer> keys, Map<Integer, Column> columns) {
    return "NOT EXISTS (SELECT FROM %s t WHERE %s)"
        .formatted(
            table.name(),
            keys.stream()
                .map(number -> column(columns, number))
                .map(c -> "t.%s::text = %s::text".formatted(c.name(), c.qualified()))
                .collect(Collectors.joining(" AND ")));
  }

  /// For each column the definitions that mention it, whose literals are good guesses.
  private Map<Integer, String> hints(Table table, Map<Integer, Column> columns)
      throws SQLException {
    String sql =
        """
        SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = ? AND contype = 'c'
        UNION ALL
        SELECT pg_get_partition_constraintdef(oid) FROM pg_class WHERE oid = ? AND relispartition
        UNION ALL
        SELECT pg_get_expr(indexprs, indrelid) FROM pg_index WHERE indrelid = ? AND indexprs IS NOT NULL
        """;
    Map<Integer, String> hints = new LinkedHashMap<>();
    try (PreparedStatement select = connection.prepareStatement(sql)) {
      for (int i = 1; i <= 3; i++) {
        select.setLong(i, table.oid());
      }
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          @Nullable String text = row.getString(1);
          if (text != null) {
            mentioned(text, columns.values())
                .forEach(number -> hints.merge(number, text, (a, b) -> a + "\n" + b));
          }
        }
      }
    }
    return hints;
  }

  private static Set<Integer> mentioned(String text, Collection<Column> columns) {
    Set<Integer> numbers = new TreeSet<>();
    for (Column column : columns) {
      Matcher name =
          Pattern.compile("(?<![\\w\"'$])" + Pattern.quote(column.name()) + "(?![\\w\"'$])")
              .matcher(text);
      if (name.find()) {
        numbers.add(column.number());
      }
    }
    return numbers;
  }

  private boolean exists(String part) throws SQLException {
    try (Statement select = connection.createStatement()) {
      select.setEscapeProcessing(false);
      try (ResultSet row = select.executeQuery("SELECT FROM " + part + " p")) {
        return row.next();
      }
    }
  }

  private int execute(String sql) throws SQLException {
    try (Statement insert = connection.createStatement()) {
      insert.setEscapeProcessing(false);
      int rows = insert.executeUpdate(sql);
      // A deferred constraint that fails must fail here, not at the commit.
      insert.execute("SET CONSTRAINTS ALL IMMEDIATE");
      return rows;
    }
  }
}
