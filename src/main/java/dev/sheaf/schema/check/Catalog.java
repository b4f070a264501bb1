package dev.sheaf.schema.check;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The catalog of a database at one moment, by oid: what keeps its oid under another name was
/// renamed, what comes back under another oid was dropped and created.
///
/// Objects of extensions and of the system are left out.
///
/// @param schemas by oid
/// @param relations tables, indexes, views, sequences, by oid
/// @param constraints by oid; those of PostgreSQL 18 that merely say NOT NULL are left out
/// @param indexes by the oid of their relation
/// @param enums by oid
/// @param functions by oid
/// @param triggers by oid
/// @param extensions by name
record Catalog(
    Map<Long, Schema> schemas,
    Map<Long, Relation> relations,
    Map<Long, Constraint> constraints,
    Map<Long, Index> indexes,
    Map<Long, EnumType> enums,
    Map<Long, Function> functions,
    Map<Long, Trigger> triggers,
    Map<String, Extension> extensions) {

  record Schema(long oid, String name) {}

  /// What a relation is.
  enum Kind {
    TABLE,
    PARTITIONED_TABLE,
    INDEX,
    PARTITIONED_INDEX,
    VIEW,
    MATERIALIZED_VIEW,
    SEQUENCE,
    FOREIGN_TABLE,
    COMPOSITE_TYPE;

    boolean isTable() {
      return this == TABLE || this == PARTITIONED_TABLE;
    }

    boolean isView() {
      return this == VIEW || this == MATERIALIZED_VIEW;
    }
  }

  /// @param persistence `p`ermanent, `u`nlogged or `t`emporary
  /// @param fileNode the file that holds it; another one after a rewrite, 0 where there is none
  /// @param bytes the size of that file
  /// @param accessMethod `heap`, `btree`, `hnsw`; `null` where there is none
  /// @param options such as `autovacuum_enabled=false`
  /// @param replicaIdentity `d`efault, `n`othing, `f`ull or `i`ndex
  /// @param parent the partitioned table or index that this is a partition of; 0 when of none
  /// @param bound which rows the partition takes; `null` when it is none
  /// @param definition of a view
  /// @param columns in order, without dropped ones
  record Relation(
      long oid,
      String schema,
      String name,
      Kind kind,
      String persistence,
      long fileNode,
      long bytes,
      long tablespace,
      @Nullable String accessMethod,
      List<String> options,
      String replicaIdentity,
      long parent,
      @Nullable String bound,
      @Nullable String definition,
      @Nullable String comment,
      List<Column> columns) {

    String qualified() {
      return schema + "." + name;
    }

    /// As SQL has to write it.
    String quoted() {
      return quote(schema) + "." + quote(name);
    }

    private static String quote(String identifier) {
      return '"' + identifier.replace("\"", "\"\"") + '"';
    }

    @Nullable Column column(int number) {
      return columns.stream().filter(c -> c.number() == number).findFirst().orElse(null);
    }

    /// Whether it was taken away in a way that can be taken back.
    boolean isInTrash() {
      return schema.equals("sheaf_trash");
    }

    boolean isDefaultPartition() {
      return "DEFAULT".equals(bound);
    }

    /// Whether `other` is this relation in other words: only its file and its size may differ.
    boolean isDefinedAs(Relation other) {
      return kind == other.kind
          && persistence.equals(other.persistence)
          && tablespace == other.tablespace
          && Objects.equals(accessMethod, other.accessMethod)
          && columns.equals(other.columns);
    }
  }

  /// @param number `attnum`, which a rename does not change
  /// @param typeName `pg_type.typname`, such as `int4`, `varchar`, `vector`
  /// @param type as SQL writes it, such as `character varying(10)`, `public.vector(384)`
  /// @param modifier `atttypmod`; -1 where there is none
  /// @param defaultValue its expression, also of a generated column
  /// @param generated whether it is computed from other columns
  /// @param identity whether it numbers its rows
  record Column(
      int number,
      String name,
      long typeOid,
      String typeName,
      String type,
      int modifier,
      boolean notNull,
      @Nullable String defaultValue,
      boolean generated,
      boolean identity,
      @Nullable String comment) {

    /// Whether it was taken away in a way that can be taken back.
    boolean isInTrash() {
      return name.startsWith("sheaf_trash_");
    }
  }

  /// What a constraint demands.
  enum ConstraintKind {
    CHECK,
    FOREIGN_KEY,
    PRIMARY_KEY,
    UNIQUE,
    EXCLUSION,
    TRIGGER
  }

  /// @param table 0 when it is a domain's
  /// @param columns their numbers, in the constraint's order
  /// @param referenced the table that a foreign key points to; 0 otherwise
  /// @param referencedColumns their numbers
  /// @param index that it rests on; 0 when on none
  /// @param parent the constraint of the partitioned table that this one comes from; 0 when of none
  /// @param mixesTypes whether a foreign key compares values of two types
  record Constraint(
      long oid,
      long table,
      String name,
      ConstraintKind kind,
      boolean validated,
      List<Integer> columns,
      long referenced,
      List<Integer> referencedColumns,
      long index,
      long parent,
      boolean mixesTypes,
      String definition) {}

  /// @param columns the numbers of its key columns; 0 is an expression
  /// @param included the numbers of the columns that it only carries
  /// @param operatorClasses of its key columns, such as `text_ops`, `halfvec_cosine_ops`
  /// @param keys what it is ordered by: each a column or an expression, with its operator class,
  ///   collation and direction
  /// @param columnTypes of its key columns as SQL writes them, such as `public.halfvec(384)`
  /// @param predicate of a partial index
  /// @param constrained whether it belongs to a constraint
  /// @param definition the whole `CREATE INDEX`
  record Index(
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
      boolean constrained,
      boolean clustered,
      boolean replicaIdentity,
      String definition) {

    /// Whether it finds nearest neighbors.
    boolean isOfVectors() {
      return accessMethod.equals("hnsw") || accessMethod.equals("ivfflat");
    }
  }

  /// @param labels by oid, in their order
  record EnumType(long oid, String schema, String name, Map<Long, String> labels) {

    String qualified() {
      return schema + "." + name;
    }
  }

  /// @param signature with its schema and the types of its arguments
  record Function(long oid, String signature) {}

  /// @param parent the trigger of the partitioned table that this one comes from; 0 when of none
  record Trigger(long oid, long table, String name, long parent, String definition) {}

  record Extension(String name, String version) {}

  /// The relation of this oid, which has to be there.
  Relation relation(long oid) {
    return Objects.requireNonNull(relations.get(oid));
  }

  /// The relation of this name, with its schema; `null` when there is none.
  @Nullable Relation relation(String qualified) {
    return relations.values().stream()
        .filter(relation -> relation.qualified().equals(qualified))
        .findFirst()
        .orElse(null);
  }

  /// A column by the oid of its relation; `null` when there is none.
  @Nullable Column column(long relation, int number) {
    Relation there = relations.get(relation);
    return there == null ? null : there.column(number);
  }

  /// The topmost table above a partition; the relation itself when it is no partition.
  Relation root(Relation relation) {
    Relation above = relations.get(relation.parent());
    return above == null ? relation : root(above);
  }

  /// A relation and all its partitions, and theirs.
  Set<Long> family(long root) {
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
  boolean isPartition(Relation relation) {
    return relations.containsKey(relation.parent());
  }

  /// Whether `partition` is here a partition of the table that it is one of there.
  boolean isPartitionOf(Relation partition) {
    Relation here = relations.get(partition.oid());
    return here != null && here.parent() == partition.parent();
  }

  /// Whether a table is kept in the order of one of its indexes.
  boolean isClustered(Relation table) {
    return indexes.values().stream()
        .anyMatch(index -> index.table() == table.oid() && index.clustered());
  }

  /// Whether this is a partition that stands in for those that a production database has.
  boolean isCanary(Relation relation) {
    return relation.parent() != 0 && relation.name().endsWith("_canary");
  }
}
