package dev.sheaf.migration.catalog;

import dev.sheaf.migration.catalog.Catalog.Column;
import dev.sheaf.migration.catalog.Catalog.Comment;
import dev.sheaf.migration.catalog.Catalog.Constraint;
import dev.sheaf.migration.catalog.Catalog.ConstraintKind;
import dev.sheaf.migration.catalog.Catalog.Definition;
import dev.sheaf.migration.catalog.Catalog.Dependency;
import dev.sheaf.migration.catalog.Catalog.Detail;
import dev.sheaf.migration.catalog.Catalog.Extension;
import dev.sheaf.migration.catalog.Catalog.Function;
import dev.sheaf.migration.catalog.Catalog.Index;
import dev.sheaf.migration.catalog.Catalog.ObjectId;
import dev.sheaf.migration.catalog.Catalog.Policy;
import dev.sheaf.migration.catalog.Catalog.Relation;
import dev.sheaf.migration.catalog.Catalog.RewriteRule;
import dev.sheaf.migration.catalog.Catalog.Schema;
import dev.sheaf.migration.catalog.Catalog.Sequence;
import dev.sheaf.migration.catalog.Catalog.Statistics;
import dev.sheaf.migration.catalog.Catalog.Trigger;
import dev.sheaf.migration.catalog.Catalog.UserType;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The objects of a [Catalog] as the statements that create and drop them, and what depends on
/// what. [CatalogSnapshot] says whether two schemas are the same; this says how one becomes the
/// other.
///
/// Left out is what comes and goes with another object by itself: what a partition has from its
/// parent, the index of a key, the sequence of an identity.
public final class CatalogObjects {

  private final Catalog catalog;
  private final Map<ObjectId, Item> objects = new LinkedHashMap<>();
  private final List<Dependency> dependencies = new ArrayList<>();

  private CatalogObjects(Catalog catalog, Predicate<Item> left) {
    this.catalog = catalog;
    new Statements(catalog)
        .items()
        .sorted(
            Comparator.comparing(Item::kind)
                .thenComparingLong(item -> item.kind() == Kind.COLUMN ? item.key().oid() : 0L)
                .thenComparingInt(item -> item.kind() == Kind.COLUMN ? item.key().sub() : 0)
                .thenComparing(Item::name))
        .forEach(item -> objects.put(item.key(), item));
    objects.values().removeAll(objects.values().stream().filter(left).toList());
    for (Item item : objects.values()) {
      if (item.owner() != null && item.kind().isSaidOfOther()) {
        depends(item.key(), item.owner(), true);
      }
    }
    for (Dependency dependency : catalog.dependencies()) {
      depends(dependency.from(), dependency.to(), dependency.automatic());
    }
  }

  /// Reads the catalog that `connection` sees.
  public static CatalogObjects of(Connection connection) throws SQLException {
    return new CatalogObjects(CatalogReader.read(connection, Detail.STATEMENTS), _ -> false);
  }

  /// The same without what the migration engine keeps for itself.
  public CatalogObjects withoutEngine() {
    return without(Set.of());
  }

  /// The same, and also without some relations.
  ///
  /// @param relations their names with their schemas, as SQL has to write them
  public CatalogObjects without(Set<String> relations) {
    Set<ObjectId> left = new HashSet<>(catalog.engine());
    for (Relation relation : catalog.relations().values()) {
      if (relation.isInTrash() || relations.contains(relation.fullReference())) {
        left.add(new ObjectId("pg_class", relation.oid()));
      }
    }
    return new CatalogObjects(catalog, item -> isPartOf(item.key(), left));
  }

  private boolean isPartOf(ObjectId key, Set<ObjectId> wholes) {
    for (@Nullable ObjectId at = key; at != null; ) {
      if (wholes.contains(new ObjectId(at.catalog(), at.oid()))) {
        return true;
      }
      Item item = objects.get(at);
      at = item == null ? null : item.owner();
    }
    return false;
  }

  /// The object of this kind and name; `null` when there is none.
  public @Nullable Item find(Kind kind, String name) {
    return objects.values().stream()
        .filter(item -> item.kind() == kind && item.name().equals(name))
        .findFirst()
        .orElse(null);
  }

  /// What these are the objects of.
  public Catalog catalog() {
    return catalog;
  }

  private void depends(ObjectId dependent, ObjectId needed, boolean automatic) {
    ObjectId from = resolve(dependent);
    ObjectId to = resolve(needed);
    if (from == null || to == null || from.equals(to)) {
      return;
    }
    // A column can take its values from the sequence that belongs to it.
    Item owned = objects.get(new ObjectId("pg_sequence", from.oid()));
    Item sequence = objects.get(from);
    ObjectId dependentItem =
        owned != null && sequence != null && to.equals(sequence.owner()) ? owned.key() : from;
    dependencies.add(new Dependency(dependentItem, to, automatic));
  }

  private @Nullable ObjectId resolve(ObjectId key) {
    ObjectId at = key;
    for (int hops = 0; hops < 4; hops++) {
      if (objects.containsKey(at)) {
        return at;
      }
      ObjectId whole = new ObjectId(at.catalog(), at.oid());
      at = catalog.partOf().getOrDefault(whole, whole);
    }
    return null;
  }

  /// By key, in the order in which they could be created.
  public Map<ObjectId, Item> objects() {
    return objects;
  }

  List<Dependency> dependencies() {
    return dependencies;
  }

  public @Nullable Item ownerOf(Item item) {
    return item.owner() == null ? null : objects.get(item.owner());
  }

  /// In the order in which they are created where nothing else decides.
  public enum Kind {
    SCHEMA,
    EXTENSION,
    TYPE,
    DOMAIN,
    SEQUENCE,
    TABLE,
    COLUMN,
    SEQUENCE_OWNER,
    FUNCTION,
    CONSTRAINT,
    INDEX,
    CLUSTER,
    REPLICA_IDENTITY,
    VIEW,
    MATERIALIZED_VIEW,
    RULE,
    TRIGGER,
    POLICY,
    STATISTICS,
    COMMENT;

    private static final Set<Kind> USED_BY_OTHERS =
        Set.of(SCHEMA, EXTENSION, TYPE, DOMAIN, SEQUENCE, FUNCTION);

    /// Whether it says something of another object, its owner.
    boolean isSaidOfOther() {
      return switch (this) {
        case CLUSTER, REPLICA_IDENTITY, SEQUENCE_OWNER, COMMENT -> true;
        default -> false;
      };
    }

    /// Whether others may use it without being part of it, so that it goes after they were changed.
    boolean isUsedByOthers() {
      return USED_BY_OTHERS.contains(this);
    }
  }

  /// One object and the statements for it.
  ///
  /// @param owner what it is a part of, and is dropped with
  /// @param word what stands behind `ALTER` in statements about it
  /// @param schema that it can be moved out of, as SQL writes it; empty when there is none
  /// @param simple its own name as SQL writes it; empty when it cannot be renamed
  /// @param name the whole name as SQL writes it; a column's begins with its table's
  /// @param table that it is on, as SQL writes it; empty when on none
  /// @param create the statement that creates it; of a column what follows `ADD COLUMN`
  /// @param drop the statement that drops it
  /// @param definition what can be changed in place; `null` when nothing can
  public record Item(
      Kind kind,
      ObjectId key,
      @Nullable ObjectId owner,
      String word,
      String schema,
      String simple,
      String name,
      String table,
      String create,
      String drop,
      @Nullable Definition definition) {

    public Column column() {
      return as(Column.class);
    }

    public Constraint constraint() {
      return as(Constraint.class);
    }

    public Index index() {
      return as(Index.class);
    }

    public Relation relation() {
      return as(Relation.class);
    }

    Sequence sequence() {
      return as(Sequence.class);
    }

    UserType type() {
      return as(UserType.class);
    }

    Function function() {
      return as(Function.class);
    }

    Extension extension() {
      return as(Extension.class);
    }

    private <T> T as(Class<T> type) {
      return Objects.requireNonNull(type.cast(definition));
    }
  }

  /// The names of the columns of a constraint's table, sorted.
  public List<String> columnsOf(Constraint constraint) {
    return names(constraint.table(), constraint.columns()).sorted().toList();
  }

  /// What a foreign key points to.
  public String referencedBy(Constraint constraint) {
    Relation referenced = catalog.relations().get(constraint.referenced());
    return referenced == null
        ? "" // A table of an extension.
        : names(constraint.referenced(), constraint.referencedColumns())
            .sorted()
            .collect(Collectors.joining(",", referenced.reference() + " ", ""));
  }

  /// The names of the columns of an index, in order; empty where it is an expression.
  public List<String> columnsOf(Index index) {
    return Stream.concat(index.columns().stream(), index.included().stream())
        .map(number -> catalog.column(index.table(), number))
        .map(column -> column == null ? "" : column.name())
        .toList();
  }

  boolean isPartitioned(Index index) {
    return catalog.relation(index.oid()).kind() == Catalog.Kind.PARTITIONED_INDEX;
  }

  private Stream<String> names(long relation, List<Integer> numbers) {
    return numbers.stream()
        .map(number -> catalog.column(relation, number))
        .filter(Objects::nonNull)
        .map(Column::name);
  }

  /// The statements of every object of a catalog.
  private record Statements(Catalog catalog) {

    Stream<Item> items() {
      Map<Long, Relation> relations = catalog.relations();
      return Stream.of(
              catalog.schemas().values().stream().map(this::schema),
              catalog.extensions().values().stream()
                  .filter(extension -> extension.oid() >= FIRST_OID)
                  .map(this::extension),
              catalog.types().values().stream().map(this::type),
              catalog.sequences().values().stream().flatMap(this::sequence),
              relations.values().stream()
                  .filter(relation -> relation.kind().isTable())
                  .flatMap(this::table),
              catalog.functions().values().stream()
                  .filter(function -> !function.internal() && function.definition() != null)
                  .map(this::function),
              catalog.constraints().values().stream()
                  .filter(constraint -> constraint.parent() == 0 && constraint.parents() == 0)
                  .filter(constraint -> constraint.kind() != ConstraintKind.TRIGGER)
                  .flatMap(this::constraint),
              catalog.indexes().values().stream()
                  .filter(index -> !index.constrained())
                  .filter(index -> catalog.relation(index.oid()).parent() == 0)
                  .map(this::index),
              relations.values().stream()
                  .filter(relation -> relation.kind().isView())
                  .map(this::view),
              catalog.rules().values().stream().map(this::rule),
              catalog.triggers().values().stream()
                  .filter(trigger -> trigger.parent() == 0)
                  .map(this::trigger),
              catalog.policies().values().stream().map(this::policy),
              catalog.statistics().values().stream().map(this::statistics),
              catalog.comments().values().stream().map(this::comment))
          .flatMap(items -> items);
    }

    private static final long FIRST_OID = 16_384;

    private static ObjectId relationId(long oid) {
      return new ObjectId("pg_class", oid);
    }

    private String reference(long relation) {
      return catalog.relation(relation).reference();
    }

    private Item schema(Schema schema) {
      return new Item(
          Kind.SCHEMA,
          new ObjectId("pg_namespace", schema.oid()),
          null,
          "SCHEMA",
          "",
          schema.quoted(),
          schema.quoted(),
          "",
          "CREATE SCHEMA " + schema.quoted(),
          "DROP SCHEMA " + schema.quoted(),
          schema);
    }

    private Item extension(Extension extension) {
      return new Item(
          Kind.EXTENSION,
          new ObjectId("pg_extension", extension.oid()),
          null,
          "EXTENSION",
          "",
          "",
          extension.quoted(),
          "",
          words(
              "CREATE EXTENSION",
              extension.quoted(),
              extension.schema().equals("public") ? null : "SCHEMA " + extension.schema()),
          "DROP EXTENSION " + extension.quoted(),
          extension);
    }

    private Item type(UserType type) {
      Kind kind =
          switch (type.kind()) {
            case DOMAIN -> Kind.DOMAIN;
            case ENUM, RANGE, COMPOSITE -> Kind.TYPE;
          };
      String word = kind == Kind.DOMAIN ? "DOMAIN" : "TYPE";
      return new Item(
          kind,
          new ObjectId("pg_type", type.oid()),
          null,
          word,
          type.quotedSchema(),
          type.quoted(),
          type.reference(),
          "",
          createType(type),
          "DROP %s %s".formatted(word, type.reference()),
          type);
    }

    private String createType(UserType type) {
      String create = "CREATE TYPE " + type.reference() + " AS ";
      return switch (type.kind()) {
        case ENUM -> create + "ENUM (" + literals(type.labels().values()) + ")";
        case RANGE -> create + "RANGE (subtype = " + type.subtype() + ")";
        case COMPOSITE ->
            catalog.relation(type.relation()).columns().stream()
                .map(column -> words(column.quoted(), column.type(), collate(column)))
                .collect(Collectors.joining(", ", create + "(", ")"));
        case DOMAIN ->
            words(
                "CREATE DOMAIN",
                type.reference(),
                "AS",
                type.base(),
                after("DEFAULT ", type.defaultValue()),
                type.notNull() ? "NOT NULL" : null);
      };
    }

    private Stream<Item> sequence(Sequence sequence) {
      if (sequence.identity()) {
        return Stream.empty();
      }
      Relation relation = catalog.relation(sequence.oid());
      String name = relation.reference();
      ObjectId key = relationId(sequence.oid());
      Item item =
          new Item(
              Kind.SEQUENCE,
              key,
              sequence.table() == 0
                  ? null
                  : new ObjectId("pg_class", sequence.table(), sequence.column()),
              "SEQUENCE",
              relation.quotedSchema(),
              relation.quoted(),
              name,
              "",
              "CREATE SEQUENCE %s %s".formatted(name, options(sequence)),
              "DROP SEQUENCE " + name,
              sequence);
      Column column = catalog.column(sequence.table(), sequence.column());
      if (column == null) {
        return Stream.of(item);
      }
      String alter = "ALTER SEQUENCE %s OWNED BY ".formatted(name);
      return Stream.of(
          item,
          new Item(
              Kind.SEQUENCE_OWNER,
              new ObjectId("pg_sequence", sequence.oid()),
              key,
              "",
              "",
              "",
              name,
              "",
              alter + reference(sequence.table()) + "." + column.quoted(),
              alter + "NONE",
              null));
    }

    private Stream<Item> table(Relation table) {
      String name = table.reference();
      Item item =
          new Item(
              Kind.TABLE,
              relationId(table.oid()),
              null,
              "TABLE",
              table.quotedSchema(),
              table.quoted(),
              name,
              "",
              words(
                  table.persistence().equals("u") ? "CREATE UNLOGGED TABLE" : "CREATE TABLE",
                  name,
                  table.parent() == 0 ? null : "PARTITION OF " + table.inherits().getFirst(),
                  table.bound()),
              "DROP TABLE " + name,
              table);
      return Stream.of(
              Stream.of(item),
              table.columns().stream()
                  .filter(column -> column.parents() == 0)
                  .map(column -> column(table, column)),
              choice(
                  table, Kind.CLUSTER, table.clusterIndex(), "CLUSTER ON", "SET WITHOUT CLUSTER"),
              choice(
                  table,
                  Kind.REPLICA_IDENTITY,
                  table.replicaIndex(),
                  "REPLICA IDENTITY USING INDEX",
                  "REPLICA IDENTITY DEFAULT"))
          .flatMap(items -> items);
    }

    /// Which index a table uses for something.
    private Stream<Item> choice(
        Relation table, Kind kind, long index, String choose, String reset) {
      if (index == 0) {
        return Stream.empty();
      }
      String alter = "ALTER TABLE %s ".formatted(table.reference());
      // The index of a key is part of its constraint.
      ObjectId owner =
          catalog.constraints().values().stream()
              .filter(
                  constraint -> constraint.index() == index && constraint.table() == table.oid())
              .filter(constraint -> constraint.kind() != ConstraintKind.FOREIGN_KEY)
              .map(constraint -> new ObjectId("pg_constraint", constraint.oid()))
              .findFirst()
              .orElseGet(() -> relationId(index));
      String quoted = catalog.relation(index).quoted();
      return Stream.of(
          new Item(
              kind,
              new ObjectId(kind == Kind.CLUSTER ? "clustered" : "replicated", table.oid()),
              owner,
              "",
              "",
              "",
              table.reference(),
              table.reference(),
              alter + choose + " " + quoted,
              alter + reset,
              null));
    }

    private Item column(Relation table, Column column) {
      return new Item(
          Kind.COLUMN,
          new ObjectId("pg_class", table.oid(), column.number()),
          relationId(table.oid()),
          "COLUMN",
          "",
          column.quoted(),
          table.reference() + "." + column.quoted(),
          table.reference(),
          words(
              column.quoted(),
              column.type(),
              collate(column),
              column.notNull() && !column.identity() ? "NOT NULL" : null,
              column.identity()
                  ? words(
                      "GENERATED " + identity(column) + " AS IDENTITY",
                      unusualOptions(catalog.identity(table.oid(), column.number())))
                  : null,
              switch (column.generation()) {
                case "s" -> "GENERATED ALWAYS AS (" + column.defaultValue() + ") STORED";
                case "" -> after("DEFAULT ", column.defaultValue());
                default -> null;
              }),
          "ALTER TABLE %s DROP COLUMN %s".formatted(table.reference(), column.quoted()),
          column);
    }

    private Item function(Function function) {
      String word = function.kind().equals("p") ? "PROCEDURE" : "FUNCTION";
      return new Item(
          Kind.FUNCTION,
          new ObjectId("pg_proc", function.oid()),
          null,
          word,
          "",
          function.quoted(),
          function.signature(),
          "",
          Objects.requireNonNull(function.definition()).strip(),
          "DROP %s %s".formatted(word, function.signature()),
          function);
    }

    private Stream<Item> constraint(Constraint constraint) {
      UserType domain = catalog.types().get(constraint.domain());
      Relation table = catalog.relations().get(constraint.table());
      if (domain == null && table == null) {
        return Stream.empty();
      }
      String on = domain != null ? domain.reference() : Objects.requireNonNull(table).reference();
      String word = (domain != null ? "DOMAIN " : "TABLE ") + on;
      return Stream.of(
          new Item(
              Kind.CONSTRAINT,
              new ObjectId("pg_constraint", constraint.oid()),
              domain != null
                  ? new ObjectId("pg_type", domain.oid())
                  : relationId(constraint.table()),
              word,
              "",
              constraint.quoted(),
              on + "." + constraint.quoted(),
              on,
              "ALTER %s ADD %s".formatted(word, clause(constraint)),
              "ALTER %s DROP CONSTRAINT %s".formatted(word, constraint.quoted()),
              constraint));
    }

    private Item index(Index index) {
      Relation relation = catalog.relation(index.oid());
      return new Item(
          Kind.INDEX,
          relationId(index.oid()),
          relationId(index.table()),
          "INDEX",
          "",
          relation.quoted(),
          relation.reference(),
          reference(index.table()),
          index.definition().replace(" ON ONLY ", " ON "),
          "DROP INDEX " + relation.reference(),
          index);
    }

    private Item view(Relation view) {
      boolean materialized = view.kind() == Catalog.Kind.MATERIALIZED_VIEW;
      String word = materialized ? "MATERIALIZED VIEW" : "VIEW";
      String definition = Objects.requireNonNull(view.definition());
      return new Item(
          materialized ? Kind.MATERIALIZED_VIEW : Kind.VIEW,
          relationId(view.oid()),
          null,
          word,
          view.quotedSchema(),
          view.quoted(),
          view.reference(),
          "",
          words(
              materialized ? "CREATE MATERIALIZED VIEW" : "CREATE OR REPLACE VIEW",
              view.reference(),
              view.options().isEmpty() ? null : "WITH (" + String.join(", ", view.options()) + ")",
              "AS\n" + withoutSemicolon(definition)),
          "DROP %s %s".formatted(word, view.reference()),
          view);
    }

    private Item rule(RewriteRule rule) {
      String table = reference(rule.table());
      return part(
          Kind.RULE,
          new ObjectId("pg_rewrite", rule.oid()),
          rule.table(),
          rule.quoted(),
          withoutSemicolon(rule.definition()),
          "DROP RULE %s ON %s".formatted(rule.quoted(), table));
    }

    private Item trigger(Trigger trigger) {
      String table = reference(trigger.table());
      String state =
          switch (trigger.enabled()) {
            case "D" -> "DISABLE";
            case "A" -> "ENABLE ALWAYS";
            case "R" -> "ENABLE REPLICA";
            default -> null;
          };
      return new Item(
          Kind.TRIGGER,
          new ObjectId("pg_trigger", trigger.oid()),
          relationId(trigger.table()),
          "TRIGGER %s ON %s".formatted(trigger.quoted(), table),
          "",
          trigger.quoted(),
          table + "." + trigger.quoted(),
          table,
          state == null
              ? trigger.definition()
              : "%s; ALTER TABLE %s %s TRIGGER %s"
                  .formatted(trigger.definition(), table, state, trigger.quoted()),
          "DROP TRIGGER %s ON %s".formatted(trigger.quoted(), table),
          trigger);
    }

    private Item policy(Policy policy) {
      String table = reference(policy.table());
      String command =
          switch (policy.command()) {
            case "r" -> "SELECT";
            case "a" -> "INSERT";
            case "w" -> "UPDATE";
            case "d" -> "DELETE";
            default -> "ALL";
          };
      return part(
          Kind.POLICY,
          new ObjectId("pg_policy", policy.oid()),
          policy.table(),
          policy.quoted(),
          words(
              "CREATE POLICY %s ON %s AS".formatted(policy.quoted(), table),
              policy.permissive() ? "PERMISSIVE" : "RESTRICTIVE",
              "FOR " + command + " TO " + String.join(", ", policy.roles()),
              policy.condition() == null ? null : "USING (" + policy.condition() + ")",
              policy.check() == null ? null : "WITH CHECK (" + policy.check() + ")"),
          "DROP POLICY %s ON %s".formatted(policy.quoted(), table));
    }

    private Item part(
        Kind kind, ObjectId key, long relation, String quoted, String create, String drop) {
      String table = reference(relation);
      return new Item(
          kind,
          key,
          relationId(relation),
          "",
          "",
          "",
          table + "." + quoted,
          table,
          create,
          drop,
          null);
    }

    private Item statistics(Statistics statistics) {
      return new Item(
          Kind.STATISTICS,
          new ObjectId("pg_statistic_ext", statistics.oid()),
          relationId(statistics.table()),
          "STATISTICS",
          "",
          "",
          statistics.reference(),
          "",
          statistics.definition(),
          "DROP STATISTICS " + statistics.reference(),
          null);
    }

    private Item comment(Comment comment) {
      String on = target(comment);
      return new Item(
          Kind.COMMENT,
          new ObjectId("pg_description", comment.of().oid(), comment.of().sub()),
          comment.of(),
          "",
          "",
          "",
          on,
          "",
          "COMMENT ON %s IS %s".formatted(on, literal(comment.text())),
          "COMMENT ON %s IS NULL".formatted(on),
          null);
    }

    private String target(Comment comment) {
      Relation relation =
          comment.of().catalog().equals("pg_class")
              ? catalog.relations().get(comment.of().oid())
              : null;
      if (relation == null) {
        return comment.type().equals("domain constraint")
            ? "CONSTRAINT " + comment.identity().replace(" on ", " ON DOMAIN ")
            : comment.type().replace("table constraint", "constraint").toUpperCase(Locale.ROOT)
                + " "
                + comment.identity();
      }
      Column column = relation.column(comment.of().sub());
      return column == null
          ? comment.type().toUpperCase(Locale.ROOT) + " " + relation.reference()
          : "COLUMN " + relation.reference() + "." + column.quoted();
    }
  }

  /// What defines a constraint inside of `CREATE TABLE`.
  static String clause(Constraint constraint) {
    return "CONSTRAINT %s %s".formatted(constraint.quoted(), constraint.definition());
  }

  /// The options of a new sequence.
  static String options(Sequence sequence) {
    return "AS "
        + sequence.type()
        + " "
        + String.join(" ", settings(sequence)).replace(" NO CYCLE", "");
  }

  /// The options of a sequence that may have had others.
  static String allOptions(Sequence sequence) {
    return "AS " + sequence.type() + " " + String.join(" ", settings(sequence));
  }

  /// Everything about a sequence but its type.
  static List<String> settings(Sequence sequence) {
    return List.of(
        "INCREMENT " + sequence.increment(),
        "MINVALUE " + sequence.minimum(),
        "MAXVALUE " + sequence.maximum(),
        "START " + sequence.start(),
        "CACHE " + sequence.cache(),
        sequence.cycles() ? "CYCLE" : "NO CYCLE");
  }

  /// What is said of an identity that is not as usual; `null` when nothing is.
  private static @Nullable String unusualOptions(@Nullable Sequence sequence) {
    if (sequence == null) {
      return null;
    }
    List<String> unusual = new ArrayList<>(settings(sequence));
    unusual.removeAll(settings(sequence.usual()));
    return unusual.isEmpty() ? null : "(" + String.join(" ", unusual) + ")";
  }

  /// The sequence that numbers the rows of a column; `null` when none does.
  @Nullable Sequence identityOf(Item column) {
    return catalog.identity(column.key().oid(), column.key().sub());
  }

  static @Nullable String collate(Column column) {
    return after("COLLATE ", column.collation());
  }

  static String identity(Column column) {
    return column.identification().equals("a") ? "ALWAYS" : "BY DEFAULT";
  }

  /// Values of an enumerated type, as SQL writes them.
  static String literals(Collection<String> values) {
    return values.stream().map(CatalogObjects::literal).collect(Collectors.joining(", "));
  }

  /// A text as SQL writes it, whatever `standard_conforming_strings` is.
  public static String literal(String text) {
    String quoted = "'" + text.replace("'", "''") + "'";
    return text.contains("\\") ? "E" + quoted.replace("\\", "\\\\") : quoted;
  }

  private static String withoutSemicolon(String statement) {
    return statement.replaceFirst(";+$", "");
  }

  private static @Nullable String after(String prefix, @Nullable String value) {
    return value == null ? null : prefix + value;
  }

  private static String words(@Nullable String... words) {
    return Arrays.stream(words).filter(Objects::nonNull).collect(Collectors.joining(" "));
  }
}
