package dev.sheaf.migration.proof;

import dev.sheaf.database.DatabaseAddress;
import dev.sheaf.database.PostgresServer;
import dev.sheaf.migration.MigrationConfig;
import dev.sheaf.migration.catalog.Catalog;
import dev.sheaf.migration.catalog.Catalog.Column;
import dev.sheaf.migration.catalog.Catalog.ConstraintKind;
import dev.sheaf.migration.catalog.CatalogObjects;
import dev.sheaf.migration.catalog.CatalogObjects.Item;
import dev.sheaf.migration.catalog.CatalogObjects.Kind;
import dev.sheaf.migration.catalog.CatalogScript;
import dev.sheaf.migration.changelog.Changeset;
import dev.sheaf.migration.scratch.ScratchSchema;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The changes of the schema that the entities need.
///
/// Entities describe only the minimum that they need. It is not a difference if the schema has
/// more: a column that no entity maps, a NOT NULL constraint, an index or a check.
///
/// @param parts the changesets that change the schema, in order, without blocking clients where SQL
///   allows that; empty if there are no differences
/// @param drops statements that drop unmapped columns of the changed tables; a person must decide
///   about them
public record EntityComparison(List<Part> parts, List<String> drops) {

  private static final Pattern LITERAL = Pattern.compile("'(?:[^']|'')*'");
  private static final Pattern KEY =
      Pattern.compile("ALTER TABLE (.+) ADD CONSTRAINT (.+) (UNIQUE|PRIMARY KEY) (\\([^()]+\\))");

  public EntityComparison {
    parts = List.copyOf(parts);
    drops = List.copyOf(drops);
  }

  /// The statements of one changeset.
  ///
  /// @param suffix what its name says in addition, if it is not the first one
  /// @param transactional whether they can run in a transaction
  public record Part(String suffix, boolean transactional, List<String> statements) {
    public Part {
      statements = List.copyOf(statements);
    }
  }

  /// Compares the entities with the schema that the changesets create.
  ///
  /// @param changesets all changesets, in order
  public static EntityComparison of(
      DatabaseAddress server,
      MigrationConfig config,
      List<Changeset> changesets,
      Collection<Class<?>> entities)
      throws SQLException {
    try (ScratchSchema actual = ScratchSchema.at(server, config, changesets);
        ScratchSchema expected = ScratchSchema.at(server, config, List.of())) {
      PostgresServer postgres = PostgresServer.of(actual.connection());
      EntityTables tables = EntityTables.of(entities, postgres);
      try (Statement statement = expected.connection().createStatement()) {
        statement.setEscapeProcessing(false);
        if (postgres.vector() != null) {
          statement.execute("CREATE EXTENSION IF NOT EXISTS vector");
        }
        for (String sql : tables.statements()) {
          statement.execute(sql);
        }
      }
      return new EntityComparer(
              tables,
              CatalogObjects.of(actual.connection()),
              CatalogObjects.of(expected.connection()))
          .compare();
    }
  }

  /// The text of a changeset, without its header and rollback.
  public String body(Part part) {
    StringBuilder text = new StringBuilder();
    part.statements().forEach(statement -> text.append(statement).append(";\n"));
    if (!drops.isEmpty() && part.equals(parts.getFirst())) {
      text.append(
          "\n-- No entity maps these columns. Dropping them deletes their data permanently:\n");
      drops.forEach(drop -> text.append("-- ").append(drop).append(";\n"));
    }
    return text.toString().stripTrailing();
  }

  private static boolean isKey(Item constraint) {
    ConstraintKind kind = constraint.constraint().kind();
    return kind == ConstraintKind.PRIMARY_KEY || kind == ConstraintKind.UNIQUE;
  }

  private static boolean isUnique(Item index) {
    return index.index().unique() && index.index().predicate() == null;
  }

  private static final class EntityComparer {
    private final EntityTables tables;
    private final CatalogObjects actual;
    private final CatalogObjects expected;
    private final Set<String> changed = new LinkedHashSet<>();

    /// What changes the definition of tables.
    private final List<String> statements = new ArrayList<>();

    /// Indexes of tables that have rows, which are built outside of a transaction.
    private final List<String> indexes = new ArrayList<>();

    /// What scans tables for the constraints that the statements add, without blocking clients.
    private final List<String> validations = new ArrayList<>();

    /// What is quick once the indexes are built and the constraints are validated.
    private final List<String> conclusions = new ArrayList<>();

    EntityComparer(EntityTables tables, CatalogObjects actual, CatalogObjects expected) {
      this.tables = tables;
      this.actual = actual;
      this.expected = expected;
    }

    EntityComparison compare() {
      Set<Item> created = new LinkedHashSet<>();
      for (Item item : expected.objects().values()) {
        Item table = item.kind() == Kind.TABLE ? item : expected.ownerOf(item);
        if (table != null && isMapped(table) && actual.find(Kind.TABLE, table.name()) == null) {
          created.add(item);
        }
      }
      for (Kind kind : List.of(Kind.SCHEMA, Kind.SEQUENCE)) {
        for (Item item : expected.objects().values()) {
          if (item.kind() == kind && actual.find(kind, item.name()) == null) {
            add("", item.create());
          }
        }
      }
      for (Item item : created) {
        if (item.kind() == Kind.TABLE) {
          CatalogScript.create(expected, item, created, false).forEach(sql -> add("", sql));
        }
      }
      for (Item item : expected.objects().values()) {
        Item table = expected.ownerOf(item);
        if (!isMapped(table)) {
          continue;
        }
        switch (item.kind()) {
          case COLUMN -> {
            if (!created.contains(item)) {
              column(item);
            }
          }
          case CONSTRAINT -> {
            if (!created.contains(item) || item.constraint().kind() == ConstraintKind.FOREIGN_KEY) {
              constraint(item);
            }
          }
          case INDEX -> {
            if (created.contains(item) || indexes(item).isEmpty()) {
              String create = item.create().replace(" USING btree", "");
              if (isChangedOnline(item.table())) {
                add(indexes, item.table(), create.replaceFirst(" INDEX ", " INDEX CONCURRENTLY "));
              } else {
                add(item.table(), create);
              }
            }
          }
          case COMMENT -> add("", item.create());
          default -> {}
        }
      }
      validations.addAll(conclusions);
      return new EntityComparison(
          Stream.of(
                  new Part("", true, statements),
                  new Part("indexes", false, indexes),
                  new Part("constraints", true, validations))
              .filter(part -> !part.statements().isEmpty())
              .toList(),
          drops());
    }

    /// Whether the table exists, so that it can have rows.
    private boolean exists(String table) {
      return actual.find(Kind.TABLE, table) != null;
    }

    /// Whether indexes can be built concurrently, keys can use them, and foreign keys can be
    /// validated later. PostgreSQL can do none of these with a partitioned table.
    private boolean isChangedOnline(String table) {
      Item found = actual.find(Kind.TABLE, table);
      return found != null && found.relation().kind() == Catalog.Kind.TABLE;
    }

    private boolean isMapped(@Nullable Item table) {
      return table != null && tables.mapped().containsKey(table.name().replace("\"", ""));
    }

    private void add(String table, String sql) {
      add(statements, table, sql);
    }

    private void add(List<String> part, String table, String sql) {
      part.add(sql);
      changed.add(table);
    }

    /// Adds a key over an index that is built first.
    private void addKey(String table, String sql) {
      Matcher key = KEY.matcher(sql);
      if (!isChangedOnline(table) || !key.matches()) {
        add(table, sql);
        return;
      }
      add(
          indexes,
          table,
          "CREATE UNIQUE INDEX CONCURRENTLY %s ON %s %s"
              .formatted(key.group(2), key.group(1), key.group(4)));
      add(
          conclusions,
          table,
          "ALTER TABLE %1$s ADD CONSTRAINT %2$s %3$s USING INDEX %2$s"
              .formatted(key.group(1), key.group(2), key.group(3)));
    }

    /// Adds a constraint that is validated later.
    private void addValidated(String table, Item wanted, String sql) {
      boolean online =
          wanted.constraint().kind() == ConstraintKind.CHECK
              ? exists(table)
              : isChangedOnline(table);
      if (!online) {
        add(table, sql);
        return;
      }
      add(table, sql + " NOT VALID");
      Matcher name = Pattern.compile("ADD CONSTRAINT (\"(?:[^\"]|\"\")+\"|\\S+)").matcher(sql);
      if (!name.find()) {
        throw new IllegalStateException(wanted.create());
      }
      add(
          validations,
          table,
          "ALTER TABLE %s VALIDATE CONSTRAINT %s".formatted(table, name.group(1)));
    }

    /// A valid check spares the scan that `SET NOT NULL` makes.
    private void addNotNull(String table, Item wanted, String alter) {
      String check =
          quoted(
              "%s_%s_not_null"
                  .formatted(
                      table.replace("\"", "").replaceFirst("^.*\\.", ""),
                      wanted.simple().replace("\"", "")));
      add(
          table,
          "ALTER TABLE %s ADD CONSTRAINT %s CHECK (%s IS NOT NULL) NOT VALID"
              .formatted(table, check, wanted.simple()));
      add(validations, table, "ALTER TABLE %s VALIDATE CONSTRAINT %s".formatted(table, check));
      add(conclusions, table, alter + "SET NOT NULL");
      add(conclusions, table, "ALTER TABLE %s DROP CONSTRAINT %s".formatted(table, check));
    }

    private void column(Item wanted) {
      String table = wanted.table();
      Column column = wanted.column();
      String value = column.generated() ? null : column.defaultValue();
      Item same = actual.find(Kind.COLUMN, wanted.name());
      if (same == null) {
        boolean empty = column.notNull() && value == null;
        add(
            table,
            (empty ? "-- If the table has rows, this needs a DEFAULT, or a backfill first.\n" : "")
                + "ALTER TABLE "
                + table
                + " ADD COLUMN "
                + wanted.create());
        return;
      }
      Column found = same.column();
      String alter = "ALTER TABLE %s ALTER COLUMN %s ".formatted(table, wanted.simple());
      String type = column.type();
      String foundValue = found.generated() ? null : found.defaultValue();
      if (!isEnough(found.type(), type)) {
        // PostgreSQL converts a default only if there is a cast for assignments.
        if (foundValue != null) {
          add(table, alter + "DROP DEFAULT");
          value = value == null ? "(%s)::%s".formatted(foundValue, type) : value;
          foundValue = null;
        }
        add(table, "%sTYPE %s USING %s::%s".formatted(alter, type, wanted.simple(), type));
      }
      if (column.notNull() && !found.notNull()) {
        addNotNull(table, wanted, alter);
      }
      if (value != null && !value.equals(foundValue)) {
        add(table, alter + "SET DEFAULT " + value);
      }
      boolean numbered =
          found.identity()
              || (found.defaultValue() != null && found.defaultValue().startsWith("nextval("));
      if (column.identity() && !numbered) {
        add(table, alter + "ADD GENERATED BY DEFAULT AS IDENTITY");
      }
    }

    /// Whether a column of type `found` can store all values of type `wanted`.
    private static boolean isEnough(String found, String wanted) {
      return found.equals(wanted)
          || (found.equals("text") && wanted.startsWith("character varying("))
          || (wanted.equals("vector") && found.startsWith("vector("))
          || (wanted.startsWith("numeric") && found.equals("numeric"));
    }

    private void constraint(Item wanted) {
      String table = wanted.table();
      List<String> columns = expected.columnsOf(wanted.constraint());
      List<Item> same =
          actual.objects().values().stream()
              .filter(item -> item.kind() == Kind.CONSTRAINT && item.table().equals(table))
              .filter(item -> actual.columnsOf(item.constraint()).equals(columns))
              .toList();
      switch (wanted.constraint().kind()) {
        case PRIMARY_KEY, UNIQUE -> {
          boolean unique =
              same.stream().anyMatch(EntityComparison::isKey)
                  || actual.objects().values().stream()
                      .anyMatch(item ->
                          item.kind() == Kind.INDEX
                              && item.table().equals(table)
                              && isUnique(item)
                              && Set.copyOf(columns)
                                  .equals(Set.copyOf(actual.columnsOf(item.index()))));
          if (!unique) {
            addKey(table, named(wanted, "key"));
          }
        }
        case FOREIGN_KEY -> {
          String referenced = expected.referencedBy(wanted.constraint());
          boolean there =
              same.stream()
                  .filter(item -> item.constraint().kind() == ConstraintKind.FOREIGN_KEY)
                  .anyMatch(item -> actual.referencedBy(item.constraint()).equals(referenced));
          if (!there) {
            addValidated(table, wanted, named(wanted, "fkey"));
          }
        }
        case CHECK -> {
          List<Item> checks =
              same.stream()
                  .filter(item -> item.constraint().kind() == ConstraintKind.CHECK)
                  .toList();
          Set<String> values = literals(wanted);
          if (checks.stream().noneMatch(item -> literals(item).containsAll(values))) {
            // A narrower check would still reject values of the entity.
            checks.forEach(item -> add(table, item.drop()));
            addValidated(table, wanted, named(wanted, "check"));
          }
        }
        case EXCLUSION, TRIGGER, NOT_NULL -> throw new IllegalStateException(wanted.create());
      }
    }

    private static Set<String> literals(Item check) {
      Set<String> literals = new HashSet<>();
      Matcher literal = LITERAL.matcher(check.constraint().definition());
      while (literal.find()) {
        literals.add(literal.group());
      }
      return literals;
    }

    /// The definition, with PostgreSQL's default name if Hibernate generated a name.
    private String named(Item wanted, String suffix) {
      String name = wanted.simple();
      return name.matches("(?i)\"?(uk|fk|ck)[_a-z0-9]{20,}\"?")
          ? wanted
              .create()
              .replace(
                  "CONSTRAINT " + name,
                  "CONSTRAINT "
                      + quoted(
                          "%s_%s_%s"
                              .formatted(
                                  wanted.table().replace("\"", "").replaceFirst("^.*\\.", ""),
                                  String.join("_", expected.columnsOf(wanted.constraint())),
                                  suffix)))
          : wanted.create();
    }

    private static String quoted(String name) {
      return name.matches("[a-z_][a-z0-9_]*") ? name : '"' + name + '"';
    }

    /// Existing indexes with the same columns.
    private List<Item> indexes(Item wanted) {
      List<String> columns = expected.columnsOf(wanted.index());
      return actual.objects().values().stream()
          .filter(item -> item.kind() == Kind.INDEX && item.table().equals(wanted.table()))
          .filter(item -> actual.columnsOf(item.index()).equals(columns))
          .filter(item -> isUnique(item) || !isUnique(wanted))
          .toList();
    }

    private List<String> drops() {
      List<String> drops = new ArrayList<>();
      for (Item item : actual.objects().values()) {
        String table = item.table();
        if (item.kind() == Kind.COLUMN
            && changed.contains(table)
            && !item.column().generated()
            && !tables
                .mapped()
                .getOrDefault(table.replace("\"", ""), Set.of())
                .contains(item.simple().replace("\"", ""))) {
          drops.add(item.drop());
        }
      }
      return drops;
    }
  }
}
