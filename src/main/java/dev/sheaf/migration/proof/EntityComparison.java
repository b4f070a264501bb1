package dev.sheaf.migration.proof;

import dev.sheaf.database.DatabaseAddress;
import dev.sheaf.database.PostgresServer;
import dev.sheaf.migration.MigrationConfig;
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
import org.jspecify.annotations.Nullable;

/// The changes of the schema that the entities need.
///
/// Entities describe only the minimum that they need. It is not a difference if the schema has
/// more: a column that no entity maps, a NOT NULL constraint, an index or a check.
///
/// @param statements statements that change the schema; empty if there are no differences
/// @param drops statements that drop unmapped columns of the changed tables; a person must decide
///   about them
public record EntityComparison(List<String> statements, List<String> drops) {

  private static final Pattern LITERAL = Pattern.compile("'(?:[^']|'')*'");

  public EntityComparison {
    statements = List.copyOf(statements);
    drops = List.copyOf(drops);
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

  /// The text of a changeset with these statements, without its header and rollback.
  public String body() {
    StringBuilder text = new StringBuilder();
    statements.forEach(statement -> text.append(statement).append(";\n"));
    if (!drops.isEmpty()) {
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
    private final List<String> statements = new ArrayList<>();

    EntityComparer(EntityTables tables, CatalogObjects actual, CatalogObjects expected) {
      this.tables = tables;
      this.actual = actual;
      this.expected = expected;
    }

    EntityComparison compare() {
      Set<Item> created = new LinkedHashSet<>();
      for (Item item : expected.objects().values()) {
        Item table = item.kind() == Kind.TABLE ? item : expected.ownerOf(item);
        if (table != null && isMapped(table) && find(actual, Kind.TABLE, table.name()) == null) {
          created.add(item);
        }
      }
      for (Kind kind : List.of(Kind.SCHEMA, Kind.SEQUENCE)) {
        for (Item item : expected.objects().values()) {
          if (item.kind() == kind && find(actual, kind, item.name()) == null) {
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
              add(item.table(), item.create().replace(" USING btree", ""));
            }
          }
          case COMMENT -> add("", item.create());
          default -> {}
        }
      }
      return new EntityComparison(statements, drops());
    }

    private boolean isMapped(@Nullable Item table) {
      return table != null && tables.mapped().containsKey(table.name().replace("\"", ""));
    }

    private void add(String table, String sql) {
      statements.add(sql);
      changed.add(table);
    }

    private static @Nullable Item find(CatalogObjects objects, Kind kind, String name) {
      return objects.objects().values().stream()
          .filter(item -> item.kind() == kind && item.name().equals(name))
          .findFirst()
          .orElse(null);
    }

    private void column(Item wanted) {
      String table = wanted.table();
      Column column = wanted.column();
      String value = column.generated() ? null : column.defaultValue();
      Item same = find(actual, Kind.COLUMN, wanted.name());
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
        add(table, alter + "SET NOT NULL");
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
            add(table, named(wanted, "key"));
          }
        }
        case FOREIGN_KEY -> {
          String referenced = expected.referencedBy(wanted.constraint());
          boolean there =
              same.stream()
                  .filter(item -> item.constraint().kind() == ConstraintKind.FOREIGN_KEY)
                  .anyMatch(item -> actual.referencedBy(item.constraint()).equals(referenced));
          if (!there) {
            add(table, named(wanted, "fkey"));
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
            add(table, named(wanted, "check"));
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
