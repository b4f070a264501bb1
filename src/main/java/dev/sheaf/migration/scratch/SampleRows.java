package dev.sheaf.migration.scratch;

import dev.sheaf.database.Sql;
import dev.sheaf.database.SqlErrorMessage;
import dev.sheaf.database.Transactions;
import dev.sheaf.migration.catalog.Catalog;
import dev.sheaf.migration.catalog.Catalog.Constraint;
import dev.sheaf.migration.catalog.Catalog.ConstraintKind;
import dev.sheaf.migration.catalog.Catalog.Detail;
import dev.sheaf.migration.catalog.Catalog.Index;
import dev.sheaf.migration.catalog.Catalog.Relation;
import dev.sheaf.migration.catalog.CatalogReader;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Fills every table of a scratch database with a few rows, so that validations and rewrites really
/// happen, and rows that a rollback loses are noticed.
///
/// Each column has a short list of candidate values, from its type and the literals of the
/// constraints. PostgreSQL searches them for a row that satisfies all constraints. The same schema
/// always gets the same rows.
public final class SampleRows {

  private static final int ROWS = 3;

  /// The suffix of the partition that is created for a table without partitions.
  static final String PARTITION = "_canary";

  private final Connection connection;
  private final Function<String, Density> densities;
  private final SampleValues values;

  /// The row whose values are used where those of the first row are taken; 0 for none.
  private final int alternative;

  /// Values that the earlier types of widened columns do not hold.
  private final Map<ColumnId, List<String>> beyond = new HashMap<>();

  private Catalog catalog;

  private SampleRows(Connection connection, Function<String, Density> densities, int alternative)
      throws SQLException {
    this.connection = connection;
    this.densities = densities;
    this.alternative = alternative;
    this.values = new SampleValues(connection);
    this.catalog = CatalogReader.read(connection, Detail.FACTS);
  }

  /// How a table is filled.
  public enum Density {
    /// Rows with a value in every column.
    FULL,
    /// Rows with null where it is allowed.
    SPARSE,
    /// No row.
    NONE
  }

  /// The result.
  ///
  /// @param filled tables that were empty and have rows now
  /// @param partitions the partitions that were created
  /// @param unfilled tables that are still empty
  public record Result(List<String> filled, List<String> partitions, List<Unfilled> unfilled) {}

  /// A table for which no row was found.
  ///
  /// @param table its qualified name
  /// @param reason the constraints that no value satisfied, or what PostgreSQL said
  public record Unfilled(String table, String reason) {}

  /// Fills every empty table. A partitioned table without partitions gets a default partition
  /// `<name>_canary`. Runs in the caller's transaction if there is one.
  public static Result fill(Connection connection) throws SQLException {
    return fill(connection, _ -> Density.FULL);
  }

  /// Fills every empty table with the given density: a value that is valid now can violate a
  /// constraint that a changeset adds.
  ///
  /// @param densities the density by the table's qualified name
  public static Result fill(Connection connection, Function<String, Density> densities)
      throws SQLException {
    return connection.getAutoCommit()
        ? Transactions.call(connection, same -> new SampleRows(same, densities, 0).fill())
        : new SampleRows(connection, densities, 0).fill();
  }

  /// Adds rows as clients write them later: to every table one with null wherever that is allowed,
  /// one that repeats values of the first row wherever that is allowed, and one with other values.
  /// A table whose columns have wider types than before also gets a row with values that the
  /// earlier types do not hold. A table that accepts no such row is left as it is. No partition is
  /// created. Runs in the caller's transaction.
  ///
  /// @param earlier the catalog with the earlier types
  static void addMore(Connection connection, Catalog earlier) throws SQLException {
    new SampleRows(connection, table -> table.endsWith(PARTITION) ? Density.NONE : Density.FULL, 0)
        .fill();
    new SampleRows(connection, _ -> Density.SPARSE, ROWS + 1).add(1);
    new SampleRows(connection, _ -> Density.FULL, ROWS + 2).add(1);
    // Beyond the keys of all rows that these add.
    SampleRows others = new SampleRows(connection, _ -> Density.FULL, 3 * ROWS - 1);
    others.add(3 * ROWS);
    others.addBeyond(earlier, 3 * ROWS + 1);
  }

  /// @param relations itself and the partitioned tables above it
  private record Table(Relation relation, Set<Long> relations) {

    long oid() {
      return relation.oid();
    }

    String name() {
      return relation.fullReference();
    }
  }

  private record ColumnId(long table, int number) {}

  /// @param filled by PostgreSQL itself
  /// @param always whether PostgreSQL has to be told that it is filled by us
  /// @param beyond values that its earlier type does not hold
  private record Column(
      int number,
      String name,
      SampleValues.Type type,
      boolean notNull,
      boolean filled,
      boolean always,
      @Nullable String value,
      List<String> beyond) {

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
    List<String> filled = new ArrayList<>();
    List<Unfilled> unfilled = new ArrayList<>();
    inOrder(
        emptyTables(),
        (table, foreignKeys) -> {
          String reason = fill(table, foreignKeys);
          if (reason == null) {
            filled.add(table.name());
          } else {
            unfilled.add(new Unfilled(table.name(), reason));
          }
        });
    Collections.sort(filled);
    return new Result(List.copyOf(filled), partitions, List.copyOf(unfilled));
  }

  private void add(int row) throws SQLException {
    inOrder(tables(), (table, foreignKeys) -> tryInsert(table, foreignKeys, row));
  }

  private void addBeyond(Catalog earlier, int row) throws SQLException {
    Map<Long, Table> widened = tables();
    for (Table table : List.copyOf(widened.values())) {
      Relation relation = table.relation();
      Relation before = earlier.relations().get(table.oid());
      for (Catalog.Column column : relation.columns()) {
        Catalog.Column was = before == null ? null : before.column(column.number());
        if (was != null && !column.generated()) {
          List<String> found =
              values.beyond(
                  values.type(column.typeOid(), column.modifier()), was, earlier.types(), row);
          if (!found.isEmpty()) {
            beyond.put(new ColumnId(table.oid(), column.number()), found);
          }
        }
      }
      if (beyond.keySet().stream().noneMatch(column -> column.table() == table.oid())) {
        widened.remove(table.oid());
      }
    }
    inOrder(widened, (table, foreignKeys) -> tryInsert(table, foreignKeys, row));
  }

  private interface TableVisitor {
    void visit(Table table, List<ForeignKey> foreignKeys) throws SQLException;
  }

  /// Visits each table after the tables that it references.
  private void inOrder(Map<Long, Table> pending, TableVisitor visitor) throws SQLException {
    Map<Long, List<ForeignKey>> foreignKeys = new LinkedHashMap<>();
    for (long oid : pending.keySet()) {
      foreignKeys.put(oid, foreignKeys(oid));
    }
    while (!pending.isEmpty()) {
      Table next = next(pending, foreignKeys);
      pending.remove(next.oid());
      visitor.visit(next, foreignKeys.getOrDefault(next.oid(), List.of()));
    }
  }

  private List<String> addPartitions() throws SQLException {
    Map<String, Relation> partitions = new TreeMap<>();
    for (Relation table : catalog.unpartitionedTables()) {
      String name = partitionOf(table);
      if (densities.apply(name) != Density.NONE) {
        partitions.put(name, table);
      }
    }
    try (Statement create = connection.createStatement()) {
      for (Map.Entry<String, Relation> partition : partitions.entrySet()) {
        Relation table = partition.getValue();
        boolean hashed = String.valueOf(table.partitionKey()).startsWith("HASH");
        create.execute(
            "CREATE TABLE %s PARTITION OF %s %s"
                .formatted(
                    partition.getKey(),
                    table.fullReference(),
                    hashed ? "FOR VALUES WITH (MODULUS 1, REMAINDER 0)" : "DEFAULT"));
      }
    }
    if (!partitions.isEmpty()) {
      catalog = CatalogReader.read(connection, Detail.FACTS);
    }
    return List.copyOf(partitions.keySet());
  }

  private static String partitionOf(Relation table) {
    String name = table.name();
    String partition =
        name.substring(
                0, name.offsetByCodePoints(0, Math.min(56, name.codePointCount(0, name.length()))))
            + PARTITION;
    return table.quotedSchema()
        + "."
        + (partition.matches("[a-z_][a-z0-9_]*")
            ? partition
            : '"' + partition.replace("\"", "\"\"") + '"');
  }

  private Map<Long, Table> tables() {
    Map<Long, Table> tables = new LinkedHashMap<>();
    for (Relation relation : catalog.userTables()) {
      if (densities.apply(relation.fullReference()) != Density.NONE) {
        tables.put(relation.oid(), new Table(relation, catalog.ancestry(relation)));
      }
    }
    return tables;
  }

  private Map<Long, Table> emptyTables() throws SQLException {
    Map<Long, Table> tables = tables();
    Set<Long> withRows = new HashSet<>();
    if (!tables.isEmpty()) {
      String rows =
          tables.values().stream()
              .map(t ->
                  "SELECT %s WHERE EXISTS (SELECT 1 FROM ONLY %s)".formatted(t.oid(), t.name()))
              .collect(Collectors.joining(" UNION ALL "));
      withRows.addAll(Sql.of(rows).list(connection, row -> row.getLong(1)));
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
        List<Column> columns = columns(table);
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
      String reason = tryInsert(table, foreignKeys, row);
      if (reason != null) {
        // A table that admits only one row has it.
        return row == 1 ? reason : null;
      }
    }
    return null;
  }

  /// @return why there is no such row; `null` when it is inserted
  private @Nullable String tryInsert(Table table, List<ForeignKey> foreignKeys, int row)
      throws SQLException {
    Savepoint savepoint = connection.setSavepoint();
    String reason;
    try {
      reason = insert(table, foreignKeys, row);
    } catch (SQLException e) {
      connection.rollback(savepoint);
      reason = SqlErrorMessage.message(e);
    }
    connection.releaseSavepoint(savepoint);
    return reason;
  }

  private @Nullable String insert(Table table, List<ForeignKey> foreignKeys, int row)
      throws SQLException {
    Set<Integer> referencing = new HashSet<>();
    foreignKeys.forEach(key -> referencing.addAll(key.columns()));
    Map<Integer, Column> columns = new LinkedHashMap<>();
    for (Column column : columns(table)) {
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
        return "no sample value for column %s of type %s"
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
    String overriding =
        columns.values().stream().anyMatch(Column::always) ? "OVERRIDING SYSTEM VALUE " : "";
    int inserted =
        execute(
            "INSERT INTO %s (%s) %sSELECT %s FROM %s"
                .formatted(table.name(), names, overriding, names, from));
    return inserted == 1 ? null : "a trigger rejects the rows";
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
      for (String value : values(column, free, row, hints)) {
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

  private List<String> values(Column column, boolean free, int row, String hints)
      throws SQLException {
    if (alternative == 0) {
      return values.of(column.type(), row, hints, free);
    }
    // Row 0 has the last value of an enum, which may be a new one.
    List<String> found =
        new ArrayList<>(values.of(column.type(), column.type().isEnum() ? 0 : row, hints, free));
    if (!free) {
      // First for a row that repeats nothing, so that its key is not also the value of a column
      // that referenced the table once.
      found.addAll(
          row > ROWS ? 0 : found.size(), values.of(column.type(), alternative, hints, false));
    }
    found.addAll(0, column.beyond());
    return found;
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

  private List<Column> columns(Table table) throws SQLException {
    List<Column> columns = new ArrayList<>();
    for (Catalog.Column column : table.relation().columns()) {
      Catalog.UserType type = catalog.types().get(column.typeOid());
      String value = column.defaultValue();
      List<String> wide =
          beyond.getOrDefault(new ColumnId(table.oid(), column.number()), List.of());
      boolean numbered = column.identity() || (value != null && value.startsWith("nextval("));
      columns.add(
          new Column(
              column.number(),
              column.quoted(),
              values.type(column.typeOid(), column.modifier()),
              column.notNull() || (type != null && type.notNull()),
              column.generated() || (numbered && wide.isEmpty()),
              column.identity(),
              value,
              wide));
    }
    return columns;
  }

  private List<ForeignKey> foreignKeys(long table) {
    // A key that references a partitioned table has further rows, one for each of its partitions.
    return constraints(table, ConstraintKind.FOREIGN_KEY)
        .filter(key -> {
          Constraint above = catalog.constraints().get(key.parent());
          return above == null || above.table() != key.table();
        })
        .sorted(Comparator.comparing(Constraint::name))
        .map(this::foreignKey)
        .toList();
  }

  private ForeignKey foreignKey(Constraint key) {
    Relation referenced = catalog.relation(key.referenced());
    return new ForeignKey(
        key.name(),
        key.columns(),
        key.referenced(),
        referenced.fullReference(),
        key.referencedColumns().stream()
            .map(number -> Objects.requireNonNull(referenced.column(number)).quoted())
            .toList());
  }

  private Stream<Constraint> constraints(long table, ConstraintKind kind) {
    return catalog.constraints().values().stream()
        .filter(constraint -> constraint.table() == table && constraint.kind() == kind);
  }

  private List<Condition> conditions(
      Table table, Map<Integer, Column> columns, List<ForeignKey> foreignKeys) {
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
              "foreign key "
                  + key.name()
                  + ", whose table "
                  + key.table()
                  + " has no suitable row"));
    }
    constraints(table.oid(), ConstraintKind.CHECK)
        .forEach(check ->
            add(
                conditions,
                columns,
                check.columns(),
                check.expression(),
                _ -> isNotFalse(check.expression()),
                check.name() + " " + check.definition()));
    String bounds = table.relation().partitionConstraint();
    // The default partition that is the only one takes everything.
    if (bounds != null) {
      add(
          conditions,
          columns,
          List.of(),
          bounds,
          _ -> isNotFalse(bounds),
          "the bounds of the partition");
    }
    uniqueIndexes(table)
        .forEach(index ->
            add(
                conditions,
                columns,
                index.columns(),
                index.expressions(),
                keys -> notTaken(table, keys, columns),
                "a value not taken, " + catalog.relation(index.oid()).quoted()));
    return conditions;
  }

  private Stream<Index> uniqueIndexes(Table table) {
    return catalog.indexes().values().stream()
        .filter(index -> index.table() == table.oid())
        .filter(index -> index.unique() || index.exclusion());
  }

  private static String isNotFalse(@Nullable String expression) {
    return "(" + expression + ") IS NOT FALSE";
  }

  /// Adds a condition when the search has all of its columns.
  ///
  /// @param numbers of its columns; 0 is an expression
  /// @param expression which mentions further columns
  /// @param sql by all of them
  private static void add(
      List<Condition> conditions,
      Map<Integer, Column> columns,
      List<Integer> numbers,
      @Nullable String expression,
      Function<Set<Integer>, String> sql,
      String description) {
    Set<Integer> keys = new TreeSet<>(numbers);
    keys.remove(0);
    if (expression != null) {
      keys.addAll(mentioned(expression, columns.values()));
    }
    if (columns.keySet().containsAll(keys) && !keys.isEmpty()) {
      conditions.add(new Condition(keys, sql.apply(keys), description));
    }
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
  private Map<Integer, String> hints(Table table, Map<Integer, Column> columns) {
    Map<Integer, String> hints = new LinkedHashMap<>();
    Stream.of(
            constraints(table.oid(), ConstraintKind.CHECK).map(Constraint::definition),
            Stream.ofNullable(table.relation().partitionConstraint()),
            catalog.indexes().values().stream()
                .filter(index -> index.table() == table.oid())
                .flatMap(index -> Stream.ofNullable(index.expressions())))
        .flatMap(texts -> texts)
        .forEach(text ->
            mentioned(text, columns.values())
                .forEach(number -> hints.merge(number, text, (a, b) -> a + "\n" + b)));
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
