package dev.sheaf.migration.catalog;

import dev.sheaf.migration.catalog.Catalog.Column;
import dev.sheaf.migration.catalog.Catalog.Comment;
import dev.sheaf.migration.catalog.Catalog.Constraint;
import dev.sheaf.migration.catalog.Catalog.Index;
import dev.sheaf.migration.catalog.Catalog.ObjectId;
import dev.sheaf.migration.catalog.Catalog.Policy;
import dev.sheaf.migration.catalog.Catalog.Privileges;
import dev.sheaf.migration.catalog.Catalog.Relation;
import dev.sheaf.migration.catalog.Catalog.RewriteRule;
import dev.sheaf.migration.catalog.Catalog.Sequence;
import dev.sheaf.migration.catalog.Catalog.Trigger;
import dev.sheaf.migration.catalog.Catalog.TypeKind;
import dev.sheaf.migration.catalog.Catalog.UserType;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Writes a [Catalog] down as a [CatalogSnapshot]. Backups keep this text, so it stays as it is.
final class CatalogText {

  private final Catalog catalog;
  private final SortedMap<String, String> objects = new TreeMap<>();
  private final Set<String> engine = new HashSet<>();

  CatalogText(Catalog catalog) {
    this.catalog = catalog;
  }

  CatalogSnapshot snapshot() {
    catalog
        .schemas()
        .values()
        .forEach(schema ->
            add("schema " + schema.name(), "", new ObjectId("pg_namespace", schema.oid())));
    catalog
        .extensions()
        .values()
        .forEach(extension ->
            add(
                "extension " + extension.name(),
                words(extension.version(), "in " + extension.schema()),
                new ObjectId("pg_extension", extension.oid())));
    catalog.relations().values().forEach(this::relation);
    Stream.concat(catalog.constraints().values().stream(), catalog.notNulls().values().stream())
        .forEach(this::constraint);
    catalog.indexes().values().forEach(this::index);
    catalog.sequences().values().forEach(this::sequence);
    catalog.types().values().forEach(this::type);
    catalog
        .functions()
        .values()
        .forEach(function ->
            add(
                "function " + function.identity(),
                "fp".contains(function.kind()) ? function.definition() : "kind " + function.kind(),
                new ObjectId("pg_proc", function.oid())));
    catalog.triggers().values().forEach(this::trigger);
    catalog
        .rules()
        .values()
        .forEach(rule -> addPart("rule", rule.table(), rule.quoted(), rule.definition()));
    catalog.policies().values().forEach(this::policy);
    catalog
        .statistics()
        .values()
        .forEach(statistics ->
            add(
                "statistics " + statistics.reference(),
                statistics.definition(),
                relationId(statistics.table())));
    catalog
        .others()
        .forEach(
            other -> add(other.kind() + " " + other.reference(), other.definition(), other.id()));
    catalog.comments().values().forEach(this::comment);
    catalog.privileges().forEach(this::privileges);
    return new CatalogSnapshot(objects, engine);
  }

  /// Adds an object. In its definition, every CRLF counts as LF, as in the files: other tools send
  /// what an editor on Windows saved.
  ///
  /// @param of the object that it is, or is a part of
  private void add(String object, @Nullable String definition, ObjectId of) {
    objects.merge(
        object,
        String.valueOf(definition).replace("\r\n", "\n"),
        (one, other) -> one.compareTo(other) < 0 ? one + "\n" + other : other + "\n" + one);
    if (isOfEngine(of)) {
      engine.add(object);
    }
  }

  /// Adds a part of a relation, whose name comes before its own.
  private void addPart(String kind, long relation, String quoted, @Nullable String definition) {
    Relation whole = catalog.relations().get(relation);
    if (whole != null) {
      add(kind + " " + whole.reference() + "." + quoted, definition, relationId(relation));
    }
  }

  private static ObjectId relationId(long oid) {
    return new ObjectId("pg_class", oid);
  }

  private boolean isOfEngine(ObjectId id) {
    if (catalog.engine().contains(new ObjectId(id.catalog(), id.oid()))) {
      return true;
    }
    if (id.catalog().equals("pg_type")) {
      UserType type = catalog.types().get(id.oid());
      return type != null && type.schema().equals(Catalog.TRASH);
    }
    Relation relation = catalog.relations().get(id.oid());
    if (id.catalog().equals("pg_class") && relation != null && relation.isInTrash()) {
      return true;
    }
    long whole = relationOf(id);
    return whole != 0 && isOfEngine(relationId(whole));
  }

  /// The relation that an object is a part of; 0 when of none.
  private long relationOf(ObjectId id) {
    return switch (id.catalog()) {
      case "pg_class" -> {
        Index index = catalog.indexes().get(id.oid());
        Sequence sequence = catalog.sequences().get(id.oid());
        yield index != null ? index.table() : sequence != null ? sequence.table() : 0;
      }
      case "pg_constraint" -> {
        Constraint constraint = catalog.constraints().get(id.oid());
        yield constraint == null ? 0 : constraint.table();
      }
      case "pg_trigger" -> {
        Trigger trigger = catalog.triggers().get(id.oid());
        yield trigger == null ? 0 : trigger.table();
      }
      case "pg_policy" -> {
        Policy policy = catalog.policies().get(id.oid());
        yield policy == null ? 0 : policy.table();
      }
      case "pg_rewrite" -> {
        RewriteRule rule = catalog.rules().get(id.oid());
        yield rule == null ? 0 : rule.table();
      }
      default -> 0;
    };
  }

  private void relation(Relation relation) {
    String kind =
        switch (relation.kind()) {
          case TABLE, PARTITIONED_TABLE -> "table";
          case VIEW -> "view";
          case MATERIALIZED_VIEW -> "materialized view";
          case FOREIGN_TABLE -> "foreign table";
          case COMPOSITE_TYPE -> "composite type";
          case INDEX, PARTITIONED_INDEX, SEQUENCE -> null;
        };
    if (kind == null) {
      return;
    }
    add(
        kind + " " + relation.reference(),
        words(
            "persistence=" + relation.persistence(),
            after("partition by ", relation.partitionKey()),
            relation.inherits().isEmpty()
                ? null
                : relation.inherits().stream()
                    .map(parent -> "of " + parent)
                    .collect(Collectors.joining(" ")),
            relation.bound(),
            relation.rowSecurity() ? "row security" : null,
            relation.forcedRowSecurity() ? "forced" : null,
            relation.replicaIdentity().equals("d")
                ? null
                : "replica identity " + relation.replicaIdentity(),
            relation.options().isEmpty() ? null : "with " + String.join(",", relation.options()),
            after("tablespace ", relation.tablespace()),
            after("as ", relation.definition())),
        relationId(relation.oid()));
    for (int i = 0; i < relation.columns().size(); i++) {
      Column column = relation.columns().get(i);
      addPart("column", relation.oid(), column.quoted(), "#" + (i + 1) + " " + column(column));
    }
  }

  private static String column(Column column) {
    return words(
        column.type(),
        after("collate ", column.collation()),
        column.notNull() ? "not null" : null,
        column.identity() ? "identity " + column.identification() : null,
        after(
            column.generated() ? "generated " + column.generation() + " " : "default ",
            column.defaultValue()),
        "storage=" + column.storage(),
        column.compression().isEmpty() ? null : "compression=" + column.compression(),
        column.statistics() >= 0 ? "statistics=" + column.statistics() : null,
        column.local() ? null : "inherited",
        column.options().isEmpty() ? null : "with " + String.join(",", column.options()));
  }

  private void constraint(Constraint constraint) {
    String definition =
        words(
            constraint.definition(),
            constraint.validated() ? null : "(not validated)",
            constraint.local() ? null : "inherited");
    UserType domain = catalog.types().get(constraint.domain());
    if (domain != null) {
      add(
          "constraint " + domain.reference() + "." + constraint.quoted(),
          definition,
          new ObjectId("pg_type", domain.oid()));
    } else {
      addPart("constraint", constraint.table(), constraint.quoted(), definition);
    }
  }

  private void index(Index index) {
    Relation relation = catalog.relation(index.oid());
    add(
        "index " + relation.reference(),
        words(
            index.definition(),
            index.valid() ? "valid" : "INVALID",
            index.clustered() ? "clustered" : null,
            index.replicaIdentity() ? "replica identity" : null,
            relation.inherits().isEmpty() ? null : "of " + relation.inherits().getFirst()),
        relationId(index.oid()));
  }

  private void sequence(Sequence sequence) {
    add(
        "sequence " + catalog.relation(sequence.oid()).reference(),
        words(
            sequence.type(),
            "start " + sequence.start(),
            "by " + sequence.increment(),
            "from " + sequence.minimum(),
            "to " + sequence.maximum(),
            "cache " + sequence.cache(),
            sequence.cycles() ? "cycle" : null),
        relationId(sequence.oid()));
  }

  private void type(UserType type) {
    String kind =
        switch (type.kind()) {
          case ENUM -> "e";
          case DOMAIN -> "d";
          case RANGE -> "r";
          case COMPOSITE -> null;
        };
    if (kind != null) {
      add(
          "type " + type.reference(),
          words(
              kind,
              type.labels().isEmpty() ? null : CatalogObjects.literals(type.labels().values()),
              type.base(),
              type.notNull() ? "not null" : null,
              after("default ", type.defaultValue())),
          new ObjectId("pg_type", type.oid()));
    }
  }

  private void trigger(Trigger trigger) {
    addPart(
        "trigger",
        trigger.table(),
        trigger.quoted(),
        words(
            trigger.definition(),
            trigger.enabled().equals("O") ? null : "enabled=" + trigger.enabled()));
  }

  private void policy(Policy policy) {
    addPart(
        "policy",
        policy.table(),
        policy.quoted(),
        words(
            policy.command(),
            policy.permissive() ? "t" : "f",
            roles(policy),
            policy.condition(),
            policy.check()));
  }

  /// As PostgreSQL writes an array of roles.
  private static String roles(Policy policy) {
    return policy.roles().stream()
        .map(role -> role.equals(Policy.EVERYBODY) ? "-" : role)
        .map(role ->
            role.contains("\"")
                ? '"' + role.replace("\\", "\\\\").replace("\"", "\\\"") + '"'
                : role)
        .collect(Collectors.joining(",", "{", "}"));
  }

  private void comment(Comment comment) {
    add("comment " + comment.type() + " " + comment.identity(), comment.text(), comment.of());
  }

  private void privileges(Privileges privileges) {
    String object = nameOf(privileges.of());
    if (object != null) {
      add("privileges " + object, words(privileges.owner(), privileges.grants()), privileges.of());
    }
  }

  /// How the privileges of an object are called; `null` when they are not compared.
  private @Nullable String nameOf(ObjectId id) {
    return switch (id.catalog()) {
      case "pg_namespace" -> {
        var schema = catalog.schemas().get(id.oid());
        yield schema == null ? null : "schema " + schema.quoted();
      }
      case "pg_class" -> {
        Relation relation = catalog.relations().get(id.oid());
        Column column = catalog.column(id.oid(), id.sub());
        if (relation == null || (column == null && id.sub() != 0)) {
          yield null;
        }
        yield column == null ? relation.reference() : relation.reference() + "." + column.quoted();
      }
      case "pg_proc" -> {
        var function = catalog.functions().get(id.oid());
        yield function == null ? null : function.identity();
      }
      case "pg_type" -> {
        UserType type = catalog.types().get(id.oid());
        yield type == null || type.kind() == TypeKind.COMPOSITE ? null : "type " + type.reference();
      }
      default -> throw new IllegalStateException(id.catalog());
    };
  }

  private static @Nullable String after(String prefix, @Nullable String value) {
    return value == null ? null : prefix + value;
  }

  private static String words(@Nullable String... words) {
    List<String> present = new ArrayList<>();
    for (String word : words) {
      if (word != null) {
        present.add(word);
      }
    }
    return String.join(" ", present);
  }
}
