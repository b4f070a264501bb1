package dev.sheaf.migration.catalog;

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
public record Catalog(
    Map<Long, Schema> schemas,
    Map<Long, Relation> relations,
    Map<Long, Constraint> constraints,
    Map<Long, Index> indexes,
    Map<Long, EnumType> enums,
    Map<Long, Function> functions,
    Map<Long, Trigger> triggers,
    Map<String, Extension> extensions) {

  public record Schema(long oid, String name) {}

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
  }

  /// A table, view, index or sequence.
  ///
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
  public record Relation(
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

    public String qualified() {
      return schema + "." + name;
    }

    /// As SQL has to write it.
    public String quoted() {
      return quote(schema) + "." + quote(name);
    }

    private static String quote(String identifier) {
      return '"' + identifier.replace("\"", "\"\"") + '"';
    }

    public @Nullable Column column(int number) {
      return columns.stream().filter(c -> c.number() == number).findFirst().orElse(null);
    }

    /// Whether it was taken away in a way that can be taken back.
    public boolean isInTrash() {
      return schema.equals("sheaf_trash");
    }

    public boolean isDefaultPartition() {
      return "DEFAULT".equals(bound);
    }

    /// Whether `other` is this relation in other words: only its file and its size may differ.
    public boolean isDefinedAs(Relation other) {
      return kind == other.kind
          && persistence.equals(other.persistence)
          && tablespace == other.tablespace
          && Objects.equals(accessMethod, other.accessMethod)
          && columns.equals(other.columns);
    }
  }

  /// A column of a relation.
  ///
  /// @param number `attnum`, which a rename does not change
  /// @param typeName `pg_type.typname`, such as `int4`, `varchar`, `vector`
  /// @param type as SQL writes it, such as `character varying(10)`, `public.vector(384)`
  /// @param modifier `atttypmod`; -1 where there is none
  /// @param defaultValue its expression, also of a generated column
  /// @param generated whether it is computed from other columns
  /// @param identity whether it numbers its rows
  public record Column(
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
    public boolean isInTrash() {
      return name.startsWith("sheaf_trash_");
    }
  }

  /// What a constraint demands.
  public enum ConstraintKind {
    CHECK,
    FOREIGN_KEY,
    PRIMARY_KEY,
    UNIQUE,
    EXCLUSION,
    TRIGGER
  }

  /// A constraint of a table or a domain.
  ///
  /// @param table 0 when it is a domain's
  /// @param columns their numbers, in the constraint's order
  /// @param referenced the table that a foreign key points to; 0 otherwise
  /// @param referencedColumns their numbers
  /// @param index that it rests on; 0 when on none
  /// @param parent the constraint of the partitioned table that this one comes from; 0 when of none
  /// @param mixesTypes whether a foreign key compares values of two types
  public record Constraint(
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

  /// An index and what it covers.
  ///
  /// @param columns the numbers of its key columns; 0 is an expression
  /// @param included the numbers of the columns that it only carries
  /// @param operatorClasses of its key columns, such as `text_ops`, `halfvec_cosine_ops`
  /// @param keys what it is ordered by: each a column or an expression, with its operator class,
  ///   collation and direction
  /// @param columnTypes of its key columns as SQL writes them, such as `public.halfvec(384)`
  /// @param predicate of a partial index
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
      boolean constrained,
      boolean clustered,
      boolean replicaIdentity,
      String definition) {

    /// Whether it finds nearest neighbors.
    public boolean isOfVectors() {
      return accessMethod.equals("hnsw") || accessMethod.equals("ivfflat");
    }
  }

  /// An enumerated type and its labels.
  ///
  /// @param labels by oid, in their order
  public record EnumType(long oid, String schema, String name, Map<Long, String> labels) {

    public String qualified() {
      return schema + "." + name;
    }
  }

  /// A function, by its signature.
  ///
  /// @param signature with its schema and the types of its arguments
  public record Function(long oid, String signature) {}

  /// A trigger of a table.
  ///
  /// @param parent the trigger of the partitioned table that this one comes from; 0 when of none
  public record Trigger(long oid, long table, String name, long parent, String definition) {}

  public record Extension(String name, String version) {}

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

  /// Whether a table is kept in the order of one of its indexes.
  public boolean isClustered(Relation table) {
    return indexes.values().stream()
        .anyMatch(index -> index.table() == table.oid() && index.clustered());
  }

  /// Whether this is a partition that stands in for those that a production database has.
  public boolean isCanary(Relation relation) {
    return relation.parent() != 0 && relation.name().endsWith("_canary");
  }
}
