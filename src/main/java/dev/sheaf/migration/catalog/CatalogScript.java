package dev.sheaf.migration.catalog;

import dev.sheaf.database.SqlErrorMessage;
import dev.sheaf.migration.catalog.CatalogObjects.Dependency;
import dev.sheaf.migration.catalog.CatalogObjects.Item;
import dev.sheaf.migration.catalog.CatalogObjects.Kind;
import dev.sheaf.migration.catalog.CatalogObjects.ObjectId;
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
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Takes the schema of a scratch database back to what it was, and writes down how: what kept its
/// oid is the same object under whatever name, what has another was dropped and made anew.
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
  private final List<Line> lines = new ArrayList<>();

  private CatalogScript(Connection connection, CatalogObjects target, boolean concurrently) {
    this.connection = connection;
    this.target = target;
    this.concurrently = concurrently;
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
    CatalogScript script = new CatalogScript(connection, target, concurrently);
    script.dropWhatIsNew();
    script.rename();
    script.changeAndCreate();
    return script.lines;
  }

  private void dropWhatIsNew() throws SQLException {
    CatalogObjects now = CatalogObjects.of(connection);
    Map<Item, Item> pairs = pairs(now);
    Set<Item> gone = new LinkedHashSet<>();
    for (Item item : now.objects().values()) {
      if (!pairs.containsKey(item)
          && !item.kind().isUsedByOthers()
          && !isInPartition(item, target)) {
        gone.add(item);
      }
    }
    // A view over a new column is another one without it.
    gone.addAll(dependents(now, gone));
    drop(now, gone);
  }

  private void rename() throws SQLException {
    CatalogObjects now = CatalogObjects.of(connection);
    List<Map.Entry<Item, Item>> pairs = new ArrayList<>(pairs(now).entrySet());
    pairs.sort((one, other) -> other.getKey().kind().compareTo(one.getKey().kind()));
    for (Map.Entry<Item, Item> pair : pairs) {
      Item from = pair.getKey();
      Item to = pair.getValue();
      String simple = to.text("simple");
      if (!from.text("simple").equals(simple)) {
        run(
            switch (from.kind()) {
              case COLUMN ->
                  "ALTER TABLE %s RENAME COLUMN %s TO %s"
                      .formatted(from.text("table"), from.text("simple"), simple);
              case CONSTRAINT ->
                  "%s RENAME CONSTRAINT %s TO %s"
                      .formatted(from.text("on"), from.text("simple"), simple);
              case TRIGGER -> from.text("rename") + " RENAME TO " + simple;
              default ->
                  "ALTER %s %s RENAME TO %s".formatted(from.text("word"), from.name(), simple);
            });
      }
      if (!from.text("schema").equals(to.text("schema")) && now.ownerOf(from) == null) {
        run(
            "ALTER %s %s.%s SET SCHEMA %s"
                .formatted(from.text("word"), from.text("schema"), simple, to.text("schema")));
      }
    }
  }

  private void changeAndCreate() throws SQLException {
    CatalogObjects now = CatalogObjects.of(connection);
    Map<Item, Item> pairs = pairs(now);
    Set<Item> again = new LinkedHashSet<>();
    Set<Item> retyped = new HashSet<>();
    Map<Item, List<String>> steps = new HashMap<>();
    pairs.forEach((from, to) -> {
      @Nullable List<String> changes = changes(from, to);
      if (changes == null) {
        again.add(from);
      } else if (!changes.isEmpty()) {
        steps.put(to, changes);
        if (from.kind() == Kind.COLUMN && !from.text("type").equals(to.text("type"))) {
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
    created.removeIf(item -> isInPartition(item, now));
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
  private static boolean isInPartition(Item item, CatalogObjects other) {
    Item table = item.owner() == null ? null : other.objects().get(item.owner());
    return item.kind() != Kind.COMMENT && table != null && !table.text("parent").isEmpty();
  }

  /// The objects of both, by key and, where that fails, by name.
  private Map<Item, Item> pairs(CatalogObjects now) {
    Map<Item, Item> pairs = new LinkedHashMap<>();
    Set<Item> left = new LinkedHashSet<>(target.objects().values());
    for (Item item : now.objects().values()) {
      Item same = target.objects().get(item.key());
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
    explicit.removeIf(item -> isPartOf(objects, item, items));
    for (Item item : ordered(objects, explicit, true)) {
      run(
          concurrently && item.kind() == Kind.INDEX && !item.has("partitioned")
              ? item.drop().replaceFirst("INDEX", "INDEX CONCURRENTLY")
              : item.drop());
    }
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
            || (item.kind() == Kind.CONSTRAINT && !item.text("type").equals("f")))
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
        String add = "ALTER TABLE %s ADD COLUMN %s".formatted(item.text("table"), item.create());
        boolean needsFiller =
            item.has("notnull")
                && item.text("default").isEmpty()
                && item.text("identity").isEmpty()
                && item.text("generated").isEmpty()
                && !item.text("filler").isEmpty();
        if (needsFiller) {
          // The rows that are there need some value.
          statements.add(add + " DEFAULT " + item.text("filler"));
          statements.add(
              "ALTER TABLE %s ALTER COLUMN %s DROP DEFAULT"
                  .formatted(item.text("table"), item.text("simple")));
        } else {
          statements.add(add);
        }
        statements.addAll(storage(item));
        yield statements;
      }
      case INDEX ->
          List.of(
              concurrently && !item.has("partitioned")
                  ? item.create().replaceFirst("INDEX", "INDEX CONCURRENTLY")
                  : item.create());
      default -> List.of(item.create());
    };
  }

  private static List<String> createTable(Item table, Set<Item> created) {
    List<String> parts = new ArrayList<>();
    List<String> later = new ArrayList<>();
    for (Item item : created) {
      if (table.key().equals(item.owner())) {
        if (item.kind() == Kind.COLUMN) {
          parts.add(item.create());
          later.addAll(storage(item));
        } else if (isInCreateTable(item, Set.of(table))) {
          parts.add(item.text("definition"));
        }
      }
    }
    StringBuilder sql = new StringBuilder(table.create());
    if (!parts.isEmpty() || table.text("parent").isEmpty()) {
      sql.append(" (\n    ").append(String.join(",\n    ", parts)).append("\n)");
    }
    if (!table.text("partitionBy").isEmpty()) {
      sql.append(" PARTITION BY ").append(table.text("partitionBy"));
    }
    if (!table.texts("options").isEmpty()) {
      sql.append(" WITH (").append(String.join(", ", table.texts("options"))).append(")");
    }
    List<String> statements = new ArrayList<>(List.of(sql.toString()));
    statements.addAll(later);
    statements.addAll(security(table, false, false, "DEFAULT"));
    return statements;
  }

  private static List<String> storage(Item column) {
    String alter =
        "ALTER TABLE %s ALTER COLUMN %s SET "
            .formatted(column.text("table"), column.text("simple"));
    List<String> statements = new ArrayList<>();
    if (!column.has("usualStorage")) {
      statements.add(alter + "STORAGE " + column.text("storage"));
    }
    if (!column.text("compression").equals("default")) {
      statements.add(alter + "COMPRESSION " + column.text("compression"));
    }
    if (column.attributes().path("statistics").asInt(-1) >= 0) {
      statements.add(alter + "STATISTICS " + column.text("statistics"));
    }
    return statements;
  }

  /// How `from` becomes `to`.
  ///
  /// @return statements; `null` when it has to be dropped and made anew
  private @Nullable List<String> changes(Item from, Item to) {
    return switch (to.kind()) {
      case TABLE -> changes(from, to, "ALTER TABLE " + to.name() + " ");
      case COLUMN -> columnChanges(from, to);
      case TYPE -> typeChanges(from, to);
      case DOMAIN -> {
        List<String> statements = new ArrayList<>();
        String alter = "ALTER DOMAIN " + to.name() + " ";
        valueChange(from, to, alter, statements);
        if (from.has("notnull") != to.has("notnull")) {
          statements.add(alter + (to.has("notnull") ? "SET NOT NULL" : "DROP NOT NULL"));
        }
        yield from.text("base").equals(to.text("base")) ? statements : null;
      }
      case SEQUENCE ->
          from.text("options").equals(to.text("options"))
              ? List.of()
              : List.of("ALTER SEQUENCE %s %s".formatted(to.name(), to.text("options")));
      case EXTENSION ->
          from.text("version").equals(to.text("version"))
              ? List.of()
              : List.of(
                  "ALTER EXTENSION %s UPDATE TO '%s'".formatted(to.name(), to.text("version")));
      case FUNCTION ->
          from.create().equals(to.create())
              ? List.of()
              : from.text("returns").equals(to.text("returns"))
                      && from.text("arguments").equals(to.text("arguments"))
                  ? List.of(to.create())
                  : null;
      case VIEW ->
          from.create().equals(to.create())
              ? List.of()
              : beginsWith(to.texts("columns"), from.texts("columns"))
                  ? List.of(to.create())
                  : null;
      case COMMENT, SEQUENCE_OWNER ->
          from.create().equals(to.create()) ? List.of() : List.of(to.create());
      case SCHEMA -> List.of();
      case CONSTRAINT, INDEX, MATERIALIZED_VIEW, RULE, TRIGGER, POLICY, STATISTICS ->
          from.create().equals(to.create()) ? List.of() : null;
    };
  }

  private static boolean beginsWith(List<String> all, List<String> first) {
    return all.size() >= first.size() && all.subList(0, first.size()).equals(first);
  }

  private static List<String> changes(Item from, Item to, String alter) {
    List<String> statements = new ArrayList<>();
    String place = from.text("parent") + from.text("bound");
    if (!place.equals(to.text("parent") + to.text("bound"))) {
      if (!from.text("parent").isEmpty()) {
        statements.add(
            "ALTER TABLE %s DETACH PARTITION %s".formatted(from.text("parent"), to.name()));
      }
      if (!to.text("parent").isEmpty()) {
        statements.add(
            "ALTER TABLE %s ATTACH PARTITION %s %s"
                .formatted(to.text("parent"), to.name(), to.text("bound")));
      }
    }
    if (!from.text("persistence").equals(to.text("persistence"))) {
      statements.add(alter + (to.text("persistence").equals("u") ? "SET UNLOGGED" : "SET LOGGED"));
    }
    List<String> before = from.texts("options");
    List<String> after = to.texts("options");
    if (!before.equals(after)) {
      List<String> names =
          before.stream().map(option -> option.substring(0, option.indexOf('='))).toList();
      if (!names.isEmpty()) {
        statements.add(alter + "RESET (" + String.join(", ", names) + ")");
      }
      if (!after.isEmpty()) {
        statements.add(alter + "SET (" + String.join(", ", after) + ")");
      }
    }
    statements.addAll(
        security(
            to,
            from.has("rowSecurity"),
            from.has("forceRowSecurity"),
            from.text("replicaIdentity")));
    return statements;
  }

  private static List<String> security(Item to, boolean is, boolean forced, String identity) {
    List<String> statements = new ArrayList<>();
    String alter = "ALTER TABLE " + to.name() + " ";
    if (is != to.has("rowSecurity")) {
      statements.add(alter + (is ? "DISABLE" : "ENABLE") + " ROW LEVEL SECURITY");
    }
    if (forced != to.has("forceRowSecurity")) {
      statements.add(alter + (forced ? "NO FORCE" : "FORCE") + " ROW LEVEL SECURITY");
    }
    if (!identity.equals(to.text("replicaIdentity"))) {
      statements.add(alter + "REPLICA IDENTITY " + to.text("replicaIdentity"));
    }
    return statements;
  }

  private static @Nullable List<String> columnChanges(Item from, Item to) {
    String generated = to.text("generated");
    if (!generated.isEmpty()
        && !(generated + to.text("type")).equals(from.text("generated") + from.text("type"))) {
      return null;
    }
    List<String> statements = new ArrayList<>();
    String name = to.text("simple");
    String alter = "ALTER TABLE %s ALTER COLUMN %s ".formatted(to.text("table"), name);
    boolean retyped =
        !(from.text("type") + from.text("collation"))
            .equals(to.text("type") + to.text("collation"));
    if (generated.isEmpty() && !from.text("generated").isEmpty()) {
      statements.add(alter + "DROP EXPRESSION");
    }
    if (!from.text("identity").isEmpty() && to.text("identity").isEmpty()) {
      statements.add(alter + "DROP IDENTITY");
    }
    boolean otherDefault = !from.text("default").equals(to.text("default"));
    if (!from.text("default").isEmpty()
        && (retyped || to.text("default").isEmpty())
        && (retyped || otherDefault)) {
      statements.add(alter + "DROP DEFAULT");
    }
    if (retyped) {
      String collate = to.text("collation").isEmpty() ? "" : " COLLATE " + to.text("collation");
      statements.add(
          "%sTYPE %s%s USING %s::%s"
              .formatted(alter, to.text("type"), collate, name, to.text("type")));
    }
    if (from.has("notnull") != to.has("notnull")) {
      statements.add(alter + (to.has("notnull") ? "SET NOT NULL" : "DROP NOT NULL"));
    }
    if (!to.text("identity").isEmpty() && !to.text("identity").equals(from.text("identity"))) {
      statements.add(
          from.text("identity").isEmpty()
              ? "%sADD GENERATED %s AS IDENTITY".formatted(alter, to.text("identity"))
              : "%sSET GENERATED %s".formatted(alter, to.text("identity")));
    }
    if (!to.text("default").isEmpty() && (retyped || otherDefault)) {
      statements.add(alter + "SET DEFAULT " + to.text("default"));
    }
    if (retyped) {
      statements.addAll(storage(to));
    } else {
      for (String property : List.of("storage", "compression", "statistics")) {
        if (!from.text(property).equals(to.text(property))) {
          statements.add(
              "%sSET %s %s".formatted(alter, property.toUpperCase(Locale.ROOT), to.text(property)));
        }
      }
    }
    return statements;
  }

  private static void valueChange(Item from, Item to, String alter, List<String> statements) {
    String value = to.text("default");
    if (!from.text("default").equals(value)) {
      statements.add(alter + (value.isEmpty() ? "DROP DEFAULT" : "SET DEFAULT " + value));
    }
  }

  private @Nullable List<String> typeChanges(Item from, Item to) {
    if (from.create().equals(to.create())) {
      return List.of();
    }
    List<String> before = from.texts("labels");
    List<String> after = to.texts("labels");
    if (before.isEmpty() || after.isEmpty()) {
      return null;
    }
    if (before.size() == after.size()) {
      List<String> statements = new ArrayList<>();
      for (int i = 0; i < after.size(); i++) {
        if (!before.get(i).equals(after.get(i))) {
          statements.add(
              "ALTER TYPE %s RENAME VALUE %s TO %s"
                  .formatted(to.name(), before.get(i), after.get(i)));
        }
      }
      return statements;
    }
    before.removeAll(after);
    lines.add(
        new Line(
            "",
            "the value %s of type %s stays, because PostgreSQL cannot take a value out of an enum"
                .formatted(String.join(", ", before), to.name())));
    return List.of();
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
