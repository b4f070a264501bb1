package dev.sheaf.migration.catalog;

import dev.sheaf.database.SqlErrorMessage;
import dev.sheaf.migration.catalog.Catalog.Column;
import dev.sheaf.migration.catalog.Catalog.ConstraintKind;
import dev.sheaf.migration.catalog.Catalog.Dependency;
import dev.sheaf.migration.catalog.Catalog.Function;
import dev.sheaf.migration.catalog.Catalog.ObjectId;
import dev.sheaf.migration.catalog.Catalog.Relation;
import dev.sheaf.migration.catalog.Catalog.Sequence;
import dev.sheaf.migration.catalog.Catalog.TypeKind;
import dev.sheaf.migration.catalog.Catalog.UserType;
import dev.sheaf.migration.catalog.CatalogObjects.Item;
import dev.sheaf.migration.catalog.CatalogObjects.Kind;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Makes the schema of a scratch database another one, and writes down how. Taken back to what it
/// was, what kept its oid is the same object under whatever name, and what has another was dropped
/// and made anew. On the way to the schema of another database, names tell what is the same object.
///
/// Each statement runs as it is found, in this order: drop what is new, rename, change and create
/// in the order of dependencies, drop what the changed ones used. Data is not looked at.
public final class CatalogScript {

  /// Dropped with one of the columns that it is on.
  private static final Set<Kind> GOES_WITH_A_COLUMN =
      Set.of(Kind.CONSTRAINT, Kind.INDEX, Kind.STATISTICS);

  private static final Set<Kind> REPLACEABLE =
      Set.of(Kind.VIEW, Kind.MATERIALIZED_VIEW, Kind.RULE, Kind.TRIGGER, Kind.POLICY);

  private final Connection connection;
  private final CatalogObjects target;
  private final boolean concurrently;

  /// Whether the target is of another database.
  private final boolean byName;

  private final List<Line> lines = new ArrayList<>();

  private CatalogScript(
      Connection connection, CatalogObjects target, boolean concurrently, boolean byName) {
    this.connection = connection;
    this.target = target;
    this.concurrently = concurrently;
    this.byName = byName;
  }

  /// One step of the way.
  ///
  /// @param sql without a semicolon at its end; empty when there is no statement for it
  /// @param failure why it could not be done; `null` when it was
  public record Line(String sql, @Nullable String failure) {}

  /// Takes the schema back and returns the statements that did it.
  ///
  /// @param connection to a database that was `target` once, in auto-commit
  /// @param concurrently whether indexes are built and dropped without blocking writers
  public static List<Line> rewind(
      Connection connection, CatalogObjects target, boolean concurrently) throws SQLException {
    return new CatalogScript(connection, target, concurrently, false).run();
  }

  /// Makes the schema that of another database and returns the statements that did it.
  ///
  /// @param connection to a scratch database, in auto-commit
  /// @param target without what the engine keeps for itself
  public static List<Line> towards(Connection connection, CatalogObjects target)
      throws SQLException {
    try (Statement statement = connection.createStatement()) {
      // A body can name what is created later.
      statement.execute("SET check_function_bodies = off");
    }
    return new CatalogScript(connection, target, false, true).run();
  }

  private List<Line> run() throws SQLException {
    dropWhatIsNew();
    rename();
    changeAndCreate();
    return lines;
  }

  private CatalogObjects read() throws SQLException {
    CatalogObjects now = CatalogObjects.of(connection);
    return byName ? now.withoutEngine() : now;
  }

  private void dropWhatIsNew() throws SQLException {
    CatalogObjects now = read();
    Map<Item, Item> pairs = pairs(now);
    Set<Item> gone = new LinkedHashSet<>();
    for (Item item : now.objects().values()) {
      if (!pairs.containsKey(item)
          && !item.kind().isUsedByOthers()
          && !isInPartition(now, item, target)) {
        gone.add(item);
      }
    }
    // A view over a new column is another one without it.
    gone.addAll(dependents(now, gone));
    drop(now, gone);
  }

  private void rename() throws SQLException {
    CatalogObjects now = read();
    List<Map.Entry<Item, Item>> pairs = new ArrayList<>(pairs(now).entrySet());
    pairs.sort((one, other) -> other.getKey().kind().compareTo(one.getKey().kind()));
    for (Map.Entry<Item, Item> pair : pairs) {
      Item from = pair.getKey();
      Item to = pair.getValue();
      String simple = to.simple();
      if (!from.simple().equals(simple)) {
        run(
            switch (from.kind()) {
              case COLUMN ->
                  "ALTER TABLE %s RENAME COLUMN %s TO %s"
                      .formatted(from.table(), from.simple(), simple);
              case CONSTRAINT ->
                  "ALTER %s RENAME CONSTRAINT %s TO %s"
                      .formatted(from.word(), from.simple(), simple);
              case TRIGGER -> "ALTER %s RENAME TO %s".formatted(from.word(), simple);
              default -> "ALTER %s %s RENAME TO %s".formatted(from.word(), from.name(), simple);
            });
      }
      if (!from.schema().equals(to.schema()) && now.ownerOf(from) == null) {
        run(
            "ALTER %s %s.%s SET SCHEMA %s"
                .formatted(from.word(), from.schema(), simple, to.schema()));
      }
    }
  }

  private void changeAndCreate() throws SQLException {
    CatalogObjects now = read();
    Map<Item, Item> pairs = pairs(now);
    Set<Item> again = new LinkedHashSet<>();
    Set<Item> retyped = new HashSet<>();
    Map<Item, List<String>> steps = new HashMap<>();
    pairs.forEach((from, to) -> {
      @Nullable List<String> changes = changes(now, from, to);
      if (changes == null) {
        again.add(from);
      } else if (!changes.isEmpty()) {
        steps.put(to, changes);
        if (from.kind() == Kind.COLUMN && !from.column().type().equals(to.column().type())) {
          retyped.add(from);
        }
      }
    });
    Set<Item> touched = new LinkedHashSet<>(again);
    touched.addAll(retyped);
    again.addAll(dependents(now, touched));
    drop(now, again);

    Set<Item> created = new LinkedHashSet<>(target.objects().values());
    pairs.forEach((from, to) -> {
      if (!again.contains(from) && !isPartOf(now, from, again)) {
        created.remove(to);
      }
    });
    created.removeIf(item -> isInPartition(target, item, now));
    Set<Item> tables = new HashSet<>(created);
    tables.removeIf(item -> item.kind() != Kind.TABLE);
    for (Item item : created) {
      if (!isInCreateTable(item, tables)) {
        steps.put(item, create(target, item, created, concurrently));
      }
    }
    for (Item item : ordered(target, steps.keySet(), false)) {
      Objects.requireNonNull(steps.get(item)).forEach(this::run);
    }
    Set<Item> unused = new LinkedHashSet<>(now.objects().values());
    unused.removeIf(item -> pairs.containsKey(item) || !item.kind().isUsedByOthers());
    drop(now, unused);
  }

  /// Whether its table is a partition in `other`, and has it from its parent there.
  private boolean isInPartition(CatalogObjects own, Item item, CatalogObjects other) {
    Item whole = own.ownerOf(item);
    Item table =
        item.owner() == null
            ? null
            : !byName
                ? other.objects().get(item.owner())
                : whole == null ? null : other.find(Kind.TABLE, whole.name());
    return item.kind() != Kind.COMMENT
        && table != null
        && table.kind() == Kind.TABLE
        && table.relation().parent() != 0;
  }

  /// The objects of both, by key and, where that fails, by name.
  private Map<Item, Item> pairs(CatalogObjects now) {
    Map<Item, Item> pairs = new LinkedHashMap<>();
    Set<Item> left = new LinkedHashSet<>(target.objects().values());
    for (Item item : now.objects().values()) {
      Item same = byName ? null : target.objects().get(item.key());
      if (same != null && same.kind() == item.kind() && left.remove(same)) {
        pairs.put(item, same);
      }
    }
    Map<String, Item> byName = new HashMap<>();
    left.forEach(item -> byName.put(item.kind() + " " + item.name(), item));
    for (Item item : now.objects().values()) {
      if (!pairs.containsKey(item)) {
        Item same = byName.remove(item.kind() + " " + item.name());
        if (same != null) {
          pairs.put(item, same);
        }
      }
    }
    return pairs;
  }

  /// What has to go because something that it is built on goes.
  private static Set<Item> dependents(CatalogObjects objects, Collection<Item> gone) {
    Set<Item> all = new LinkedHashSet<>(gone);
    boolean grew = true;
    while (grew) {
      grew = false;
      for (Dependency dependency : objects.dependencies()) {
        Item from = objects.objects().get(dependency.from());
        Item to = objects.objects().get(dependency.to());
        if (from != null && all.contains(to) && REPLACEABLE.contains(from.kind())) {
          grew |= all.add(from);
        }
      }
    }
    all.removeAll(gone);
    return all;
  }

  private void drop(CatalogObjects objects, Set<Item> items) {
    Set<Item> explicit = new LinkedHashSet<>(items);
    explicit.removeIf(item -> isPartOf(objects, item, items) && !isInCircle(objects, item, items));
    for (Item item : ordered(objects, explicit, true)) {
      run(
          concurrently && item.kind() == Kind.INDEX && !objects.isPartitioned(item.index())
              ? item.drop().replaceFirst("INDEX", "INDEX CONCURRENTLY")
              : item.drop());
    }
  }

  /// Whether `item` is a foreign key that keeps its table and the referenced one from being dropped
  /// one after the other.
  private static boolean isInCircle(CatalogObjects objects, Item item, Set<Item> items) {
    if (!isForeignKey(item) || !items.contains(objects.ownerOf(item))) {
      return false;
    }
    long table = item.constraint().table();
    Set<Long> reached = new LinkedHashSet<>(Set.of(item.constraint().referenced()));
    int size;
    do {
      size = reached.size();
      objects.objects().values().stream()
          .filter(other -> isForeignKey(other) && items.contains(objects.ownerOf(other)))
          .map(Item::constraint)
          .filter(key -> key.referenced() != key.table() && reached.contains(key.table()))
          .forEach(key -> reached.add(key.referenced()));
    } while (reached.size() > size);
    return item.constraint().referenced() != table && reached.contains(table);
  }

  private static boolean isForeignKey(Item item) {
    return item.kind() == Kind.CONSTRAINT && item.constraint().kind() == ConstraintKind.FOREIGN_KEY;
  }

  /// Whether `item` is dropped with one of `items`.
  private static boolean isPartOf(CatalogObjects objects, Item item, Set<Item> items) {
    for (Item owner = objects.ownerOf(item); owner != null; owner = objects.ownerOf(owner)) {
      if (items.contains(owner)) {
        return true;
      }
    }
    return GOES_WITH_A_COLUMN.contains(item.kind())
        && objects.dependencies().stream()
            .filter(d -> d.automatic() && d.from().equals(item.key()))
            .map(d -> objects.objects().get(d.to()))
            .anyMatch(
                column -> column != null && column.kind() == Kind.COLUMN && items.contains(column));
  }

  /// By their dependencies, and by kind where those leave a choice.
  private static List<Item> ordered(
      CatalogObjects objects, Collection<Item> items, boolean dependentsFirst) {
    Map<Item, Set<Item>> waitsFor = new LinkedHashMap<>();
    List<Item> sorted = new ArrayList<>();
    for (Item item : objects.objects().values()) {
      if (items.contains(item)) {
        sorted.add(item);
      }
    }
    for (Item item : dependentsFirst ? sorted.reversed() : sorted) {
      waitsFor.put(item, new HashSet<>());
    }
    for (Dependency dependency : objects.dependencies()) {
      Item from = standsFor(objects, dependency.from(), waitsFor.keySet());
      Item to = standsFor(objects, dependency.to(), waitsFor.keySet());
      if (from != null && to != null && !from.equals(to)) {
        Objects.requireNonNull(waitsFor.get(dependentsFirst ? to : from))
            .add(dependentsFirst ? from : to);
      }
    }
    List<Item> order = new ArrayList<>();
    while (!waitsFor.isEmpty()) {
      Item next =
          waitsFor.entrySet().stream()
              .filter(entry -> entry.getValue().isEmpty())
              .map(Map.Entry::getKey)
              .findFirst()
              .orElseGet(() -> waitsFor.keySet().iterator().next());
      waitsFor.remove(next);
      waitsFor.values().forEach(waiting -> waiting.remove(next));
      order.add(next);
    }
    return order;
  }

  private static @Nullable Item standsFor(CatalogObjects objects, ObjectId key, Set<Item> items) {
    Item item = objects.objects().get(key);
    while (item != null && !items.contains(item)) {
      item = objects.ownerOf(item);
    }
    return item;
  }

  private static boolean isInCreateTable(Item item, Set<Item> tables) {
    return (item.kind() == Kind.COLUMN
            || (item.kind() == Kind.CONSTRAINT
                && item.constraint().kind() != ConstraintKind.FOREIGN_KEY
                // In CREATE TABLE, every constraint is valid.
                && item.constraint().validated()))
        && tables.stream().anyMatch(table -> table.key().equals(item.owner()));
  }

  /// The statements that make `item`.
  ///
  /// @param created everything that is made, of which a table's columns and keys stand in its own
  ///   statement
  public static List<String> create(
      CatalogObjects objects, Item item, Set<Item> created, boolean concurrently) {
    return switch (item.kind()) {
      case TABLE -> createTable(item, created);
      case COLUMN -> {
        List<String> statements = new ArrayList<>();
        String add = "ALTER TABLE %s ADD COLUMN %s".formatted(item.table(), item.create());
        Column column = item.column();
        String filler =
            column.notNull() && column.defaultValue() == null && !column.identity()
                ? filler(column)
                : null;
        if (filler != null) {
          // The rows that are there need some value.
          statements.add(add + " DEFAULT " + filler);
          statements.add(
              "ALTER TABLE %s ALTER COLUMN %s DROP DEFAULT".formatted(item.table(), item.simple()));
        } else {
          statements.add(add);
        }
        statements.addAll(storage(item));
        yield statements;
      }
      case INDEX ->
          List.of(
              concurrently && !objects.isPartitioned(item.index())
                  ? item.create().replaceFirst("INDEX", "INDEX CONCURRENTLY")
                  : item.create());
      default -> List.of(item.create());
    };
  }

  private static List<String> createTable(Item item, Set<Item> created) {
    Relation table = item.relation();
    List<String> parts = new ArrayList<>();
    List<String> later = new ArrayList<>();
    for (Item part : created) {
      if (item.key().equals(part.owner())) {
        if (part.kind() == Kind.COLUMN) {
          parts.add(part.create());
          later.addAll(storage(part));
        } else if (isInCreateTable(part, Set.of(item))) {
          parts.add(CatalogObjects.clause(part.constraint()));
        }
      }
    }
    StringBuilder sql = new StringBuilder(item.create());
    if (!parts.isEmpty() || table.parent() == 0) {
      sql.append(" (\n    ").append(String.join(",\n    ", parts)).append("\n)");
    }
    if (table.parent() == 0 && !table.inherits().isEmpty()) {
      sql.append(" INHERITS (").append(String.join(", ", table.inherits())).append(")");
    }
    if (table.partitionKey() != null) {
      sql.append(" PARTITION BY ").append(table.partitionKey());
    }
    if (!table.options().isEmpty()) {
      sql.append(" WITH (").append(String.join(", ", table.options())).append(")");
    }
    List<String> statements = new ArrayList<>(List.of(sql.toString()));
    statements.addAll(later);
    // A table that inherits a column does not inherit its target.
    table.columns().stream()
        .filter(column -> column.parents() > 0 && column.statistics() >= 0)
        .map(column -> set(item.name(), column.quoted(), "STATISTICS", statistics(column)))
        .forEach(statements::add);
    statements.addAll(security(item, false, false, "DEFAULT"));
    return statements;
  }

  /// A value for the rows that are there when a column is added that must not be null; `null` when
  /// none is known.
  private static @Nullable String filler(Column column) {
    return switch (column.typeCategory()) {
      case "S" -> "''";
      case "N" -> "0";
      case "B" -> "false";
      case "A" -> "'{}'";
      case "T" -> "'0'";
      case "D" -> column.typeName().matches("time(tz)?") ? null : "'epoch'";
      default ->
          switch (column.typeName()) {
            case "json", "jsonb" -> "'{}'";
            case "bytea", "tsvector" -> "''";
            case "uuid" -> "'00000000-0000-0000-0000-000000000000'";
            default -> null;
          };
    };
  }

  private static List<String> storage(Item item) {
    Column column = item.column();
    List<String> statements = new ArrayList<>();
    if (!column.storage().equals(column.usualStorage())) {
      statements.add(set(item, "STORAGE", storage(column)));
    }
    if (!column.compression().isEmpty()) {
      statements.add(set(item, "COMPRESSION", compression(column)));
    }
    if (column.statistics() >= 0) {
      statements.add(set(item, "STATISTICS", statistics(column)));
    }
    return statements;
  }

  private static String set(Item column, String property, String value) {
    return set(column.table(), column.simple(), property, value);
  }

  private static String set(String table, String column, String property, String value) {
    return "ALTER TABLE %s ALTER COLUMN %s SET %s %s".formatted(table, column, property, value);
  }

  private static String storage(Column column) {
    return switch (column.storage()) {
      case "p" -> "PLAIN";
      case "e" -> "EXTERNAL";
      case "m" -> "MAIN";
      default -> "EXTENDED";
    };
  }

  private static String compression(Column column) {
    return switch (column.compression()) {
      case "p" -> "pglz";
      case "l" -> "lz4";
      default -> "default";
    };
  }

  private static String statistics(Column column) {
    return Integer.toString(column.statistics());
  }

  /// How `from` becomes `to`.
  ///
  /// @return statements; `null` when it has to be dropped and made anew
  private @Nullable List<String> changes(CatalogObjects now, Item from, Item to) {
    return switch (to.kind()) {
      case TABLE -> tableChanges(from, to);
      case COLUMN -> columnChanges(now, from, to);
      case TYPE -> typeChanges(from, to);
      case DOMAIN -> domainChanges(from, to);
      case SEQUENCE -> {
        String options = CatalogObjects.allOptions(to.sequence());
        yield CatalogObjects.allOptions(from.sequence()).equals(options)
            ? List.of()
            : List.of("ALTER SEQUENCE %s %s".formatted(to.name(), options));
      }
      case EXTENSION -> {
        String version = to.extension().version();
        yield from.extension().version().equals(version)
            ? List.of()
            : List.of("ALTER EXTENSION %s UPDATE TO '%s'".formatted(to.name(), version));
      }
      case FUNCTION -> {
        Function before = from.function();
        Function after = to.function();
        yield from.create().equals(to.create())
            ? List.of()
            : Objects.equals(before.result(), after.result())
                    && before.arguments().equals(after.arguments())
                ? List.of(to.create())
                : null;
      }
      case VIEW ->
          from.create().equals(to.create())
              ? List.of()
              : beginsWith(columns(to), columns(from)) ? List.of(to.create()) : null;
      case COMMENT, SEQUENCE_OWNER, CLUSTER, REPLICA_IDENTITY ->
          from.create().equals(to.create()) ? List.of() : List.of(to.create());
      case SCHEMA -> List.of();
      case CONSTRAINT, INDEX, MATERIALIZED_VIEW, RULE, TRIGGER, POLICY, STATISTICS ->
          from.create().equals(to.create()) ? List.of() : null;
    };
  }

  private static List<String> columns(Item view) {
    return view.relation().columns().stream()
        .map(column -> column.name() + " " + column.type())
        .toList();
  }

  /// Those of `all` that are not among `others`.
  private static List<String> without(List<String> all, List<String> others) {
    return all.stream().filter(one -> !others.contains(one)).toList();
  }

  private static boolean beginsWith(List<String> all, List<String> first) {
    return all.size() >= first.size() && all.subList(0, first.size()).equals(first);
  }

  private static List<String> tableChanges(Item from, Item to) {
    Relation before = from.relation();
    Relation after = to.relation();
    String alter = "ALTER TABLE " + to.name() + " ";
    List<String> statements = new ArrayList<>();
    String parentBefore = partitioned(before);
    String parentAfter = partitioned(after);
    if (!Objects.equals(parentBefore, parentAfter)
        || !Objects.equals(before.bound(), after.bound())) {
      if (parentBefore != null) {
        statements.add("ALTER TABLE %s DETACH PARTITION %s".formatted(parentBefore, to.name()));
      }
      if (parentAfter != null) {
        statements.add(
            "ALTER TABLE %s ATTACH PARTITION %s %s"
                .formatted(parentAfter, to.name(), after.bound()));
      }
    }
    if (before.parent() == 0 && after.parent() == 0) {
      without(before.inherits(), after.inherits())
          .forEach(parent -> statements.add(alter + "NO INHERIT " + parent));
      without(after.inherits(), before.inherits())
          .forEach(parent -> statements.add(alter + "INHERIT " + parent));
    }
    if (!before.persistence().equals(after.persistence())) {
      statements.add(alter + (after.persistence().equals("u") ? "SET UNLOGGED" : "SET LOGGED"));
    }
    if (!before.options().equals(after.options())) {
      if (!before.options().isEmpty()) {
        statements.add(
            before.options().stream()
                .map(option -> option.substring(0, option.indexOf('=')))
                .collect(Collectors.joining(", ", alter + "RESET (", ")")));
      }
      if (!after.options().isEmpty()) {
        statements.add(alter + "SET (" + String.join(", ", after.options()) + ")");
      }
    }
    statements.addAll(
        security(to, before.rowSecurity(), before.forcedRowSecurity(), replicaIdentity(before)));
    return statements;
  }

  /// The partitioned table that a table is a partition of; `null` when of none.
  private static @Nullable String partitioned(Relation table) {
    return table.parent() == 0 ? null : table.inherits().getFirst();
  }

  private static List<String> security(Item item, boolean is, boolean forced, String identity) {
    Relation to = item.relation();
    List<String> statements = new ArrayList<>();
    String alter = "ALTER TABLE " + item.name() + " ";
    if (is != to.rowSecurity()) {
      statements.add(alter + (is ? "DISABLE" : "ENABLE") + " ROW LEVEL SECURITY");
    }
    if (forced != to.forcedRowSecurity()) {
      statements.add(alter + (forced ? "NO FORCE" : "FORCE") + " ROW LEVEL SECURITY");
    }
    // One that uses an index is chosen once there is that index.
    if (to.replicaIndex() == 0 && !identity.equals(replicaIdentity(to))) {
      statements.add(alter + "REPLICA IDENTITY " + replicaIdentity(to));
    }
    return statements;
  }

  private static String replicaIdentity(Relation table) {
    return switch (table.replicaIdentity()) {
      case "i" -> "USING INDEX";
      case "f" -> "FULL";
      case "n" -> "NOTHING";
      default -> "DEFAULT";
    };
  }

  private @Nullable List<String> columnChanges(CatalogObjects now, Item from, Item to) {
    Column before = from.column();
    Column after = to.column();
    boolean sameType = before.type().equals(after.type());
    if (after.generated()
        && !(before.generated()
            && sameType
            && Objects.equals(before.defaultValue(), after.defaultValue()))) {
      return null;
    }
    List<String> statements = new ArrayList<>();
    String name = to.simple();
    String alter = "ALTER TABLE %s ALTER COLUMN %s ".formatted(to.table(), name);
    boolean retyped = !sameType || !Objects.equals(before.collation(), after.collation());
    if (before.generated() && !after.generated()) {
      statements.add(alter + "DROP EXPRESSION");
    }
    if (before.identity() && !after.identity()) {
      statements.add(alter + "DROP IDENTITY");
    }
    String oldDefault = before.generated() ? null : before.defaultValue();
    String newDefault = after.generated() ? null : after.defaultValue();
    boolean otherDefault = !Objects.equals(oldDefault, newDefault);
    if (oldDefault != null && (retyped || newDefault == null)) {
      statements.add(alter + "DROP DEFAULT");
    }
    if (retyped) {
      String collate = CatalogObjects.collate(after);
      statements.add(
          "%sTYPE %s%s USING %s::%s"
              .formatted(
                  alter, after.type(), collate == null ? "" : " " + collate, name, after.type()));
    }
    if (before.notNull() != after.notNull()) {
      statements.add(alter + (after.notNull() ? "SET NOT NULL" : "DROP NOT NULL"));
    }
    if (after.identity() && !after.identification().equals(before.identification())) {
      statements.add(
          before.identity()
              ? "%sSET GENERATED %s".formatted(alter, CatalogObjects.identity(after))
              : "%sADD GENERATED %s AS IDENTITY".formatted(alter, CatalogObjects.identity(after)));
    }
    Sequence numbers = target.identityOf(to);
    if (after.identity() && numbers != null) {
      Sequence numbered = now.identityOf(from);
      List<String> settings = new ArrayList<>(CatalogObjects.settings(numbers));
      settings.removeAll(CatalogObjects.settings(numbered == null ? numbers.usual() : numbered));
      if (!settings.isEmpty()) {
        statements.add(alter + "SET " + String.join(" SET ", settings));
      }
    }
    if (newDefault != null && (retyped || otherDefault)) {
      statements.add(alter + "SET DEFAULT " + newDefault);
    }
    if (retyped) {
      statements.addAll(storage(to));
      return statements;
    }
    if (!storage(before).equals(storage(after))) {
      statements.add(set(to, "STORAGE", storage(after)));
    }
    if (!compression(before).equals(compression(after))) {
      statements.add(set(to, "COMPRESSION", compression(after)));
    }
    if (before.statistics() != after.statistics()) {
      statements.add(set(to, "STATISTICS", statistics(after)));
    }
    return statements;
  }

  private static @Nullable List<String> domainChanges(Item from, Item to) {
    UserType before = from.type();
    UserType after = to.type();
    if (!Objects.equals(before.base(), after.base())) {
      return null;
    }
    List<String> statements = new ArrayList<>();
    String alter = "ALTER DOMAIN " + to.name() + " ";
    String value = after.defaultValue();
    if (!Objects.equals(before.defaultValue(), value)) {
      statements.add(alter + (value == null ? "DROP DEFAULT" : "SET DEFAULT " + value));
    }
    if (before.notNull() != after.notNull()) {
      statements.add(alter + (after.notNull() ? "SET NOT NULL" : "DROP NOT NULL"));
    }
    return statements;
  }

  private @Nullable List<String> typeChanges(Item from, Item to) {
    if (from.create().equals(to.create())) {
      return List.of();
    }
    if (from.type().kind() != TypeKind.ENUM || to.type().kind() != TypeKind.ENUM) {
      return null;
    }
    List<String> before = new ArrayList<>(from.type().labels().values());
    List<String> after = List.copyOf(to.type().labels().values());
    if (before.size() == after.size()) {
      List<String> statements = new ArrayList<>();
      for (int i = 0; i < after.size(); i++) {
        if (!before.get(i).equals(after.get(i))) {
          statements.add(
              "ALTER TYPE %s RENAME VALUE %s TO %s"
                  .formatted(
                      to.name(),
                      CatalogObjects.literal(before.get(i)),
                      CatalogObjects.literal(after.get(i))));
        }
      }
      return statements;
    }
    List<String> statements = new ArrayList<>();
    for (int i = 0; i < after.size(); i++) {
      if (!before.contains(after.get(i))) {
        statements.add(
            "ALTER TYPE %s ADD VALUE %s%s"
                .formatted(
                    to.name(),
                    CatalogObjects.literal(after.get(i)),
                    i > 0
                        ? " AFTER " + CatalogObjects.literal(after.get(i - 1))
                        : before.isEmpty()
                            ? ""
                            : " BEFORE " + CatalogObjects.literal(before.getFirst())));
      }
    }
    before.removeAll(after);
    if (before.isEmpty()) {
      return statements;
    }
    lines.add(
        new Line(
            "",
            "the value %s of type %s stays, because PostgreSQL cannot take a value out of an enum"
                .formatted(CatalogObjects.literals(before), to.name())));
    return statements;
  }

  private void run(String sql) {
    try (Statement statement = connection.createStatement()) {
      statement.setEscapeProcessing(false);
      statement.execute(sql);
      lines.add(new Line(sql, null));
    } catch (SQLException e) {
      lines.add(new Line(sql, SqlErrorMessage.message(e)));
    }
  }
}
