package dev.sheaf.migration.catalog;

import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The catalog of a database at one moment, by oid: what keeps its oid under another name was
/// renamed, what comes back under another oid was dropped and created.
///
/// Objects of the system and of extensions are left out, extensions themselves are not. A [Detail]
/// says how much was read. Everything else that is said about a schema is made of this:
/// [CatalogSnapshot] its text, [CatalogObjects] the statements that create it.
///
/// @param detail what was read
/// @param engine the tables and functions of the migration engine, and the schema of its trash
/// @param schemas by oid
/// @param extensions by name
/// @param relations tables, indexes, views, sequences, by oid
/// @param constraints by oid; those of PostgreSQL 18 that merely say NOT NULL are left out
/// @param notNulls the constraints that are left out there
/// @param indexes by the oid of their relation
/// @param sequences by the oid of their relation
/// @param types enumerated, composite and range types and domains, by oid
/// @param functions by oid
/// @param triggers by oid
/// @param rules by oid
/// @param policies by oid
/// @param statistics by oid
/// @param others objects of rare kinds
/// @param comments by what they are on
/// @param privileges in no order
/// @param dependencies in no order
/// @param partOf what PostgreSQL records dependencies of, and the object that it is a part of
public record Catalog(
    Detail detail,
    Set<ObjectId> engine,
    Map<Long, Schema> schemas,
    Map<String, Extension> extensions,
    Map<Long, Relation> relations,
    Map<Long, Constraint> constraints,
    Map<Long, Constraint> notNulls,
    Map<Long, Index> indexes,
    Map<Long, Sequence> sequences,
    Map<Long, UserType> types,
    Map<Long, Function> functions,
    Map<Long, Trigger> triggers,
    Map<Long, RewriteRule> rules,
    Map<Long, Policy> policies,
    Map<Long, Statistics> statistics,
    List<Other> others,
    Map<ObjectId, Comment> comments,
    List<Privileges> privileges,
    List<Dependency> dependencies,
    Map<ObjectId, ObjectId> partOf) {

  /// How much of a catalog is read, and how it is written.
  public enum Detail {
    /// What the lint judges: also sizes and the parts of indexes, but no definitions of functions,
    /// no sequences, rules, policies, privileges or dependencies. Every name has its schema.
    FACTS,
    /// Everything but dependencies, to the letter. Every name has its schema.
    EXACT,
    /// Everything but privileges, as people write it: names in the schema of the engine's tables
    /// and in `public` have no schema.
    STATEMENTS
  }

  /// An object, or a column of one.
  ///
  /// @param catalog such as `pg_class`
  /// @param sub the number of a column; 0 is the whole object
  public record ObjectId(String catalog, long oid, int sub) implements Comparable<ObjectId> {

    private static final Comparator<ObjectId> ORDER =
        Comparator.comparing(ObjectId::catalog)
            .thenComparingLong(ObjectId::oid)
            .thenComparingInt(ObjectId::sub);

    ObjectId(String catalog, long oid) {
      this(catalog, oid, 0);
    }

    @Override
    public int compareTo(ObjectId other) {
      return ORDER.compare(this, other);
    }
  }

  /// Something that can be changed in place.
  ///
  /// Every `reference` is the name as SQL has to write it, with its schema where it needs one;
  /// every `quoted` is the last part of it alone.
  public sealed interface Definition
      permits Schema,
          Extension,
          Relation,
          Column,
          Constraint,
          Index,
          Sequence,
          UserType,
          Function,
          Trigger {}

  public record Schema(long oid, String name, String quoted) implements Definition {}

  /// An extension.
  ///
  /// @param schema quoted
  public record Extension(long oid, String name, String quoted, String version, String schema)
      implements Definition {}

  /// What a relation is.
  public enum Kind {
    TABLE,
    PARTITIONED_TABLE,
    INDEX,
    PARTITIONED_INDEX,
    VIEW,
    MATERIALIZED_VIEW,
    SEQUENCE,
    FOREIGN_TABLE,
    COMPOSITE_TYPE;

    public boolean isTable() {
      return this == TABLE || this == PARTITIONED_TABLE;
    }

    public boolean isView() {
      return this == VIEW || this == MATERIALIZED_VIEW;
    }

    boolean isIndex() {
      return this == INDEX || this == PARTITIONED_INDEX;
    }
  }

  /// A table, view, index or sequence.
  ///
  /// @param persistence `p`ermanent, `u`nlogged or `t`emporary
  /// @param fileNode the file that holds it; another one after a rewrite, 0 where there is none
  /// @param bytes the size of that file
  /// @param tablespace `null` is the database's own
  /// @param accessMethod `heap`, `btree`, `hnsw`; `null` where there is none
  /// @param options such as `autovacuum_enabled=false`
  /// @param replicaIdentity `d`efault, `n`othing, `f`ull or `i`ndex
  /// @param replicaIndex the oid of that index; 0 where there is none
  /// @param clusterIndex the oid of the index that it was last ordered by; 0 where there is none
  /// @param rowSecurity whether it is enabled
  /// @param forcedRowSecurity whether the owner is subject to it as well
  /// @param parent the partitioned table or index that this is a partition of; 0 when of none
  /// @param inherits the references of the relations that it inherits from or is a partition of
  /// @param bound which rows the partition takes; `null` when it is none
  /// @param partitionConstraint the same as a condition on the columns; `null` where there is none
  /// @param partitionKey of a partitioned table, such as `RANGE (at)`
  /// @param definition of a view
  /// @param columns in order, without dropped ones
  public record Relation(
      long oid,
      String schema,
      String name,
      String reference,
      String quoted,
      String quotedSchema,
      Kind kind,
      String persistence,
      long fileNode,
      long bytes,
      @Nullable String tablespace,
      @Nullable String accessMethod,
      List<String> options,
      String replicaIdentity,
      long replicaIndex,
      long clusterIndex,
      boolean rowSecurity,
      boolean forcedRowSecurity,
      long parent,
      List<String> inherits,
      @Nullable String bound,
      @Nullable String partitionConstraint,
      @Nullable String partitionKey,
      @Nullable String definition,
      @Nullable String comment,
      List<Column> columns)
      implements Definition {

    public String qualified() {
      return schema + "." + name;
    }

    /// With its schema, as SQL has to write it.
    public String fullReference() {
      return quotedSchema + "." + quoted;
    }

    public @Nullable Column column(int number) {
      return columns.stream().filter(c -> c.number() == number).findFirst().orElse(null);
    }

    /// Whether it was taken away in a way that can be taken back.
    public boolean isInTrash() {
      return schema.equals(TRASH);
    }

    public boolean isDefaultPartition() {
      return "DEFAULT".equals(bound);
    }

    /// Whether `other` is this relation in other words: only its file and its size may differ.
    public boolean isDefinedAs(Relation other) {
      return kind == other.kind
          && persistence.equals(other.persistence)
          && Objects.equals(tablespace, other.tablespace)
          && Objects.equals(accessMethod, other.accessMethod)
          && columns.equals(other.columns);
    }
  }

  /// A column of a relation.
  ///
  /// @param number `attnum`, which a rename does not change
  /// @param typeName `pg_type.typname`, such as `int4`, `varchar`, `vector`
  /// @param typeCategory `pg_type.typcategory`, such as `N`umeric, `S`tring
  /// @param type as SQL writes it, such as `character varying(10)`, `public.vector(384)`
  /// @param modifier `atttypmod`; -1 where there is none
  /// @param collation `null` when it is the type's own
  /// @param defaultValue its expression, also of a generated column
  /// @param generation how it is computed from other columns: empty, or `s`tored
  /// @param identification how it numbers its rows: empty, `a`lways or by `d`efault
  /// @param storage `p`lain, `e`xternal, `m`ain or e`x`tended
  /// @param usualStorage that of its type
  /// @param compression empty is the default, else `p`glz or `l`z4
  /// @param statistics the target; -1 is the default
  /// @param options sorted
  /// @param local whether the table itself has it, and not only one that it inherits from
  /// @param parents how many tables it is inherited from
  public record Column(
      int number,
      String name,
      String quoted,
      long typeOid,
      String typeName,
      String typeCategory,
      String type,
      int modifier,
      @Nullable String collation,
      boolean notNull,
      @Nullable String defaultValue,
      String generation,
      String identification,
      String storage,
      String usualStorage,
      String compression,
      int statistics,
      List<String> options,
      boolean local,
      int parents,
      @Nullable String comment)
      implements Definition {

    /// Whether it is computed from other columns.
    public boolean generated() {
      return !generation.isEmpty();
    }

    /// Whether it numbers its rows.
    public boolean identity() {
      return !identification.isEmpty();
    }

    /// Whether it was taken away in a way that can be taken back.
    public boolean isInTrash() {
      return name.startsWith("sheaf_trash_");
    }
  }

  /// What a constraint demands.
  public enum ConstraintKind {
    CHECK("c"),
    FOREIGN_KEY("f"),
    PRIMARY_KEY("p"),
    UNIQUE("u"),
    EXCLUSION("x"),
    TRIGGER("t"),
    NOT_NULL("n");

    private final String code;

    ConstraintKind(String code) {
      this.code = code;
    }

    /// The kind that `pg_constraint.contype` names.
    static ConstraintKind of(String contype) {
      return Arrays.stream(values())
          .filter(kind -> kind.code.equals(contype))
          .findFirst()
          .orElseThrow(() -> new IllegalStateException("contype " + contype));
    }
  }

  /// A constraint of a table or a domain.
  ///
  /// @param table 0 when it is a domain's
  /// @param domain 0 when it is a table's
  /// @param columns their numbers, in the constraint's order
  /// @param referenced the table that a foreign key points to; 0 otherwise
  /// @param referencedColumns their numbers
  /// @param index that it rests on; 0 when on none
  /// @param parent the constraint of the partitioned table that this one comes from; 0 when of none
  /// @param local whether its table itself has it, and not only one that it inherits from
  /// @param parents how many tables it is inherited from
  /// @param expression of a CHECK; `null` of others
  /// @param mixesTypes whether a foreign key compares values of two types
  /// @param compared the columns and expressions of EXCLUDE; empty of others
  /// @param operators what they are compared with, such as `OPERATOR(pg_catalog.&&)`
  public record Constraint(
      long oid,
      long table,
      long domain,
      String name,
      String quoted,
      ConstraintKind kind,
      boolean validated,
      List<Integer> columns,
      long referenced,
      List<Integer> referencedColumns,
      long index,
      long parent,
      boolean local,
      int parents,
      boolean mixesTypes,
      @Nullable String expression,
      String definition,
      List<String> compared,
      List<String> operators)
      implements Definition {}

  /// An index and what it covers.
  ///
  /// @param columns the numbers of its key columns; 0 is an expression
  /// @param included the numbers of the columns that it only carries
  /// @param operatorClasses of its key columns, such as `text_ops`, `halfvec_cosine_ops`
  /// @param keys what it is ordered by: each a column or an expression, with its operator class,
  ///   collation and direction
  /// @param columnTypes of its key columns as SQL writes them, such as `public.halfvec(384)`
  /// @param predicate of a partial index
  /// @param exclusion whether it enforces an exclusion constraint
  /// @param constrained whether it belongs to a constraint
  /// @param definition the whole `CREATE INDEX`
  public record Index(
      long oid,
      long table,
      boolean unique,
      boolean valid,
      String accessMethod,
      List<Integer> columns,
      List<Integer> included,
      List<String> operatorClasses,
      List<String> keys,
      List<String> columnTypes,
      @Nullable String expressions,
      @Nullable String predicate,
      boolean exclusion,
      boolean constrained,
      boolean clustered,
      boolean replicaIdentity,
      String definition)
      implements Definition {

    /// Whether it finds nearest neighbors.
    public boolean isOfVectors() {
      return accessMethod.equals("hnsw") || accessMethod.equals("ivfflat");
    }
  }

  /// The settings of a sequence.
  ///
  /// @param type of its values
  /// @param table that it belongs to, and is dropped with; 0 when to none
  /// @param column of that table
  /// @param identity whether it is part of that column's definition
  public record Sequence(
      long oid,
      String type,
      long start,
      long increment,
      long minimum,
      long maximum,
      long cache,
      boolean cycles,
      long table,
      int column,
      boolean identity)
      implements Definition {

    /// The same sequence with the settings that it gets when only its type and direction are said.
    Sequence usual() {
      long highest =
          switch (type) {
            case "smallint" -> Short.MAX_VALUE;
            case "integer" -> Integer.MAX_VALUE;
            default -> Long.MAX_VALUE;
          };
      boolean up = increment > 0;
      return new Sequence(
          oid,
          type,
          up ? 1 : -1,
          1,
          up ? 1 : -highest - 1,
          up ? highest : -1,
          1,
          false,
          table,
          column,
          identity);
    }
  }

  /// What a type is.
  public enum TypeKind {
    ENUM,
    DOMAIN,
    RANGE,
    COMPOSITE
  }

  /// A type.
  ///
  /// @param labels of an enumerated type, by oid, in their order
  /// @param base of a domain
  /// @param notNull whether a domain forbids null
  /// @param defaultValue of a domain
  /// @param subtype of a range
  /// @param relation that holds the columns of a composite type; 0 when it is none
  public record UserType(
      long oid,
      String schema,
      String name,
      String reference,
      String quoted,
      String quotedSchema,
      TypeKind kind,
      Map<Long, String> labels,
      @Nullable String base,
      boolean notNull,
      @Nullable String defaultValue,
      @Nullable String subtype,
      long relation)
      implements Definition {

    public String qualified() {
      return schema + "." + name;
    }
  }

  /// A function, procedure or aggregate.
  ///
  /// @param signature the reference: its name and the types of its arguments
  /// @param kind `f`unction, `p`rocedure, `a`ggregate or `w`indow function
  /// @param identity with its schema and its arguments, as far as they tell it from others
  /// @param arguments with names and defaults
  /// @param result its type; `null` of a procedure
  /// @param internal whether it comes and goes with another object, such as a range type
  /// @param definition the whole `CREATE FUNCTION`; `null` of an aggregate
  public record Function(
      long oid,
      String signature,
      String quoted,
      String kind,
      String identity,
      String arguments,
      @Nullable String result,
      boolean internal,
      @Nullable String definition)
      implements Definition {}

  /// A trigger of a table.
  ///
  /// @param parent the trigger of the partitioned table that this one comes from; 0 when of none
  /// @param enabled `O` is always but in a replica, `D` is never, `R` in a replica, `A` always
  public record Trigger(
      long oid,
      long table,
      String name,
      String quoted,
      long parent,
      String enabled,
      String definition)
      implements Definition {}

  /// A rule of a table or view, other than what makes a view a view.
  public record RewriteRule(long oid, long table, String quoted, String definition) {}

  /// A policy of row security.
  ///
  /// @param command `r`ead, `a`ppend, `w`rite, `d`elete or `*`
  /// @param roles their names, quoted; `PUBLIC` is everybody
  public record Policy(
      long oid,
      long table,
      String quoted,
      String command,
      boolean permissive,
      List<String> roles,
      @Nullable String condition,
      @Nullable String check) {

    /// What stands for every role.
    static final String EVERYBODY = "PUBLIC";
  }

  /// Extended statistics.
  public record Statistics(long oid, long table, String reference, String definition) {}

  /// An object of which only its name and its definition are known.
  ///
  /// @param kind such as `operator`
  /// @param reference always with its schema
  public record Other(String kind, ObjectId id, String reference, @Nullable String definition) {}

  /// A comment on an object or a column.
  ///
  /// @param type what it is on, such as `table column`
  /// @param identity of that, always with its schema
  public record Comment(ObjectId of, String type, String identity, String text) {}

  /// Who may do what with an object or a column.
  ///
  /// @param owner `null` of a column
  /// @param grants `null` is what the kind of object allows by itself
  public record Privileges(ObjectId of, @Nullable String owner, @Nullable String grants) {}

  /// One object needs another.
  ///
  /// @param automatic whether `from` goes when `to` is dropped
  public record Dependency(ObjectId from, ObjectId to, boolean automatic) {}

  /// The schema in which tables are kept that can be taken back.
  static final String TRASH = "sheaf_trash";

  /// Enumerated types, by oid.
  public Map<Long, UserType> enums() {
    Map<Long, UserType> enums = new LinkedHashMap<>(types);
    enums.values().removeIf(type -> type.kind() != TypeKind.ENUM);
    return enums;
  }

  /// The partitioned tables that have no partition.
  public List<Relation> unpartitionedTables() {
    return relations.values().stream()
        .filter(relation -> relation.kind() == Kind.PARTITIONED_TABLE)
        .filter(relation ->
            relations.values().stream().noneMatch(part -> part.parent() == relation.oid()))
        .toList();
  }

  /// The relation and the partitioned ones above it.
  public Set<Long> ancestry(Relation relation) {
    Set<Long> ancestry = new HashSet<>();
    for (Relation at = relation; at != null; at = relations.get(at.parent())) {
      ancestry.add(at.oid());
    }
    return ancestry;
  }

  /// The tables that hold rows, without those of the migration engine and those in the trash, in
  /// the order of their names.
  public List<Relation> userTables() {
    return relations.values().stream()
        .filter(relation -> relation.kind() == Kind.TABLE && !isOfEngine(relation))
        .sorted(Comparator.comparing(Relation::fullReference))
        .toList();
  }

  /// Whether the engine keeps it for itself, or it is in the trash.
  public boolean isOfEngine(Relation relation) {
    return relation.isInTrash() || engine.contains(new ObjectId("pg_class", relation.oid()));
  }

  /// The relation of this oid, which has to be there.
  public Relation relation(long oid) {
    return Objects.requireNonNull(relations.get(oid));
  }

  /// The relation of this name, with its schema; `null` when there is none.
  public @Nullable Relation relation(String qualified) {
    return relations.values().stream()
        .filter(relation -> relation.qualified().equals(qualified))
        .findFirst()
        .orElse(null);
  }

  /// A column by the oid of its relation; `null` when there is none.
  public @Nullable Column column(long relation, int number) {
    Relation there = relations.get(relation);
    return there == null ? null : there.column(number);
  }

  /// The topmost table above a partition; the relation itself when it is no partition.
  public Relation root(Relation relation) {
    Relation above = relations.get(relation.parent());
    return above == null ? relation : root(above);
  }

  /// A relation and all its partitions, and theirs.
  public Set<Long> family(long root) {
    Set<Long> family = new HashSet<>(Set.of(root));
    int size;
    do {
      size = family.size();
      relations.values().stream()
          .filter(relation -> family.contains(relation.parent()))
          .forEach(relation -> family.add(relation.oid()));
    } while (family.size() > size);
    return family;
  }

  /// Whether there is a partitioned table or index above this one, which says all that is to be
  /// said.
  public boolean isPartition(Relation relation) {
    return relations.containsKey(relation.parent());
  }

  /// Whether `partition` is here a partition of the table that it is one of there.
  public boolean isPartitionOf(Relation partition) {
    Relation here = relations.get(partition.oid());
    return here != null && here.parent() == partition.parent();
  }

  /// The sequence that numbers the rows of a table; `null` when none does.
  @Nullable Sequence identity(long table, int column) {
    return sequences.values().stream()
        .filter(sequence ->
            sequence.identity() && sequence.table() == table && sequence.column() == column)
        .findFirst()
        .orElse(null);
  }

  /// Whether a table is kept in the order of one of its indexes.
  public boolean isClustered(Relation table) {
    return indexes.values().stream()
        .anyMatch(index -> index.table() == table.oid() && index.clustered());
  }

  /// Whether this is a partition that stands in for those that a production database has.
  public boolean isSamplePartition(Relation relation) {
    return relation.parent() != 0 && relation.name().endsWith("_canary");
  }
}
