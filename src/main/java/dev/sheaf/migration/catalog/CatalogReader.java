package dev.sheaf.migration.catalog;

import dev.sheaf.migration.catalog.Catalog.Column;
import dev.sheaf.migration.catalog.Catalog.Constraint;
import dev.sheaf.migration.catalog.Catalog.ConstraintKind;
import dev.sheaf.migration.catalog.Catalog.EnumType;
import dev.sheaf.migration.catalog.Catalog.Extension;
import dev.sheaf.migration.catalog.Catalog.Function;
import dev.sheaf.migration.catalog.Catalog.Index;
import dev.sheaf.migration.catalog.Catalog.Kind;
import dev.sheaf.migration.catalog.Catalog.Relation;
import dev.sheaf.migration.catalog.Catalog.Schema;
import dev.sheaf.migration.catalog.Catalog.Trigger;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Reads a [Catalog] through one connection, its own uncommitted changes included. The search path
/// has to be empty, so that every definition names its schemas.
public final class CatalogReader {

  /// What is neither the system's nor an extension's.
  private static final String OURS =
      """
        AND %1$s.%2$s NOT IN (SELECT oid FROM pg_namespace WHERE nspname ~ '^(pg_|information_schema$)')
        AND NOT EXISTS (SELECT FROM pg_depend d
                         WHERE d.classid = '%3$s'::regclass AND d.objid = %1$s.oid AND d.deptype = 'e')
      """;

  private final Connection connection;

  private CatalogReader(Connection connection) {
    this.connection = connection;
  }

  public static Catalog read(Connection connection) throws SQLException {
    CatalogReader reader = new CatalogReader(connection);
    return new Catalog(
        reader.schemas(),
        reader.relations(),
        reader.constraints(),
        reader.indexes(),
        reader.enums(),
        reader.functions(),
        reader.triggers(),
        reader.extensions());
  }

  private Map<Long, Schema> schemas() throws SQLException {
    return byKey(
        "SELECT oid, nspname FROM pg_namespace WHERE nspname !~ '^(pg_|information_schema$)'",
        row -> new Schema(row.getLong(1), row.getString(2)),
        Schema::oid);
  }

  private Map<Long, Relation> relations() throws SQLException {
    Map<Long, List<Column>> columns = columns();
    return byKey(
        """
        SELECT c.oid, n.nspname, c.relname, c.relkind, c.relpersistence, c.relfilenode,
               CASE WHEN c.relfilenode = 0 THEN 0 ELSE pg_relation_size(c.oid) END, c.reltablespace, m.amname,
               coalesce(c.reloptions, '{}'), c.relreplident,
               coalesce((SELECT inhparent FROM pg_inherits WHERE inhrelid = c.oid AND c.relispartition), 0),
               pg_get_expr(c.relpartbound, c.oid),
               CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END,
               obj_description(c.oid, 'pg_class')
          FROM pg_class c
          JOIN pg_namespace n ON n.oid = c.relnamespace
          LEFT JOIN pg_am m ON m.oid = c.relam
         WHERE c.relkind IN ('r', 'p', 'i', 'I', 'v', 'm', 'S', 'f', 'c')
        """
            + OURS.formatted("c", "relnamespace", "pg_class"),
        row ->
            new Relation(
                row.getLong(1),
                row.getString(2),
                row.getString(3),
                kind(row.getString(4)),
                row.getString(5),
                row.getLong(6),
                row.getLong(7),
                row.getLong(8),
                row.getString(9),
                list(row, 10, String.class),
                row.getString(11),
                row.getLong(12),
                row.getString(13),
                row.getString(14),
                row.getString(15),
                columns.getOrDefault(row.getLong(1), List.of())),
        Relation::oid);
  }

  private static Kind kind(String relkind) {
    return switch (relkind) {
      case "r" -> Kind.TABLE;
      case "p" -> Kind.PARTITIONED_TABLE;
      case "i" -> Kind.INDEX;
      case "I" -> Kind.PARTITIONED_INDEX;
      case "v" -> Kind.VIEW;
      case "m" -> Kind.MATERIALIZED_VIEW;
      case "S" -> Kind.SEQUENCE;
      case "f" -> Kind.FOREIGN_TABLE;
      case "c" -> Kind.COMPOSITE_TYPE;
      default -> throw new IllegalStateException("relkind " + relkind);
    };
  }

  private Map<Long, List<Column>> columns() throws SQLException {
    String sql =
        """
        SELECT a.attrelid, a.attnum, a.attname, a.atttypid, t.typname, format_type(a.atttypid, a.atttypmod),
               a.atttypmod, a.attnotnull, pg_get_expr(v.adbin, v.adrelid), a.attgenerated <> '',
               a.attidentity <> '', col_description(a.attrelid, a.attnum)
          FROM pg_attribute a
          JOIN pg_class c ON c.oid = a.attrelid
          JOIN pg_type t ON t.oid = a.atttypid
          LEFT JOIN pg_attrdef v ON v.adrelid = a.attrelid AND v.adnum = a.attnum
         WHERE a.attnum > 0 AND NOT a.attisdropped
        """
            + OURS.formatted("c", "relnamespace", "pg_class")
            + " ORDER BY a.attrelid, a.attnum";
    Map<Long, List<Column>> columns = new HashMap<>();
    query(
        sql,
        row ->
            columns
                .computeIfAbsent(row.getLong(1), relation -> new ArrayList<>())
                .add(
                    new Column(
                        row.getInt(2),
                        row.getString(3),
                        row.getLong(4),
                        row.getString(5),
                        row.getString(6),
                        row.getInt(7),
                        row.getBoolean(8),
                        row.getString(9),
                        row.getBoolean(10),
                        row.getBoolean(11),
                        row.getString(12))));
    return columns;
  }

  private Map<Long, Constraint> constraints() throws SQLException {
    return byKey(
        """
        SELECT c.oid, c.conrelid, c.conname, c.contype, c.convalidated, coalesce(c.conkey, '{}'), c.confrelid,
               coalesce(c.confkey, '{}'), c.conindid, c.conparentid,
               EXISTS (SELECT FROM pg_operator o WHERE o.oid = ANY (c.conpfeqop) AND o.oprleft <> o.oprright),
               pg_get_constraintdef(c.oid)
          FROM pg_constraint c
         WHERE c.contype <> 'n'
        """
            + OURS.formatted("c", "connamespace", "pg_constraint"),
        row ->
            new Constraint(
                row.getLong(1),
                row.getLong(2),
                row.getString(3),
                constraintKind(row.getString(4)),
                row.getBoolean(5),
                numbers(row, 6),
                row.getLong(7),
                numbers(row, 8),
                row.getLong(9),
                row.getLong(10),
                row.getBoolean(11),
                row.getString(12)),
        Constraint::oid);
  }

  private static ConstraintKind constraintKind(String contype) {
    return switch (contype) {
      case "c" -> ConstraintKind.CHECK;
      case "f" -> ConstraintKind.FOREIGN_KEY;
      case "p" -> ConstraintKind.PRIMARY_KEY;
      case "u" -> ConstraintKind.UNIQUE;
      case "x" -> ConstraintKind.EXCLUSION;
      case "t" -> ConstraintKind.TRIGGER;
      default -> throw new IllegalStateException("contype " + contype);
    };
  }

  private Map<Long, Index> indexes() throws SQLException {
    return byKey(
        """
        SELECT c.oid, i.indrelid, i.indisunique, i.indisvalid, m.amname,
               (i.indkey::int2[])[0:i.indnkeyatts - 1], (i.indkey::int2[])[i.indnkeyatts:],
               ARRAY(SELECT o.opcname::text
                       FROM unnest(i.indclass::oid[]) WITH ORDINALITY k (opclass, n)
                       JOIN pg_opclass o ON o.oid = k.opclass
                      ORDER BY k.n),
               ARRAY(SELECT concat_ws(' ', pg_get_indexdef(c.oid, k.n::int, false), o.opcname,
                                      nullif(k.indcollation, 0)::regcollation, nullif(k.indoption, 0))
                       FROM ROWS FROM (unnest(i.indclass::oid[]), unnest(i.indcollation::oid[]), unnest(i.indoption::int2[]))
                            WITH ORDINALITY k (opclass, indcollation, indoption, n)
                       JOIN pg_opclass o ON o.oid = k.opclass
                      ORDER BY k.n),
               ARRAY(SELECT format_type(a.atttypid, a.atttypmod)
                       FROM pg_attribute a
                      WHERE a.attrelid = c.oid AND a.attnum BETWEEN 1 AND i.indnkeyatts
                      ORDER BY a.attnum),
               pg_get_expr(i.indexprs, i.indrelid), pg_get_expr(i.indpred, i.indrelid),
               EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = c.oid AND k.contype IN ('p', 'u', 'x')),
               i.indisclustered, i.indisreplident, pg_get_indexdef(c.oid)
          FROM pg_index i
          JOIN pg_class c ON c.oid = i.indexrelid
          JOIN pg_am m ON m.oid = c.relam
         WHERE true
        """
            + OURS.formatted("c", "relnamespace", "pg_class"),
        row ->
            new Index(
                row.getLong(1),
                row.getLong(2),
                row.getBoolean(3),
                row.getBoolean(4),
                row.getString(5),
                numbers(row, 6),
                numbers(row, 7),
                list(row, 8, String.class),
                list(row, 9, String.class),
                list(row, 10, String.class),
                row.getString(11),
                row.getString(12),
                row.getBoolean(13),
                row.getBoolean(14),
                row.getBoolean(15),
                row.getString(16)),
        Index::oid);
  }

  private Map<Long, EnumType> enums() throws SQLException {
    Map<Long, Map<Long, String>> labels = new HashMap<>();
    query(
        "SELECT enumtypid, oid, enumlabel FROM pg_enum ORDER BY enumtypid, enumsortorder",
        row ->
            labels
                .computeIfAbsent(row.getLong(1), type -> new LinkedHashMap<>())
                .put(row.getLong(2), row.getString(3)));
    return byKey(
        """
        SELECT t.oid, n.nspname, t.typname
          FROM pg_type t
          JOIN pg_namespace n ON n.oid = t.typnamespace
         WHERE t.typtype = 'e'
        """
            + OURS.formatted("t", "typnamespace", "pg_type"),
        row ->
            new EnumType(
                row.getLong(1),
                row.getString(2),
                row.getString(3),
                labels.getOrDefault(row.getLong(1), Map.of())),
        EnumType::oid);
  }

  private Map<Long, Function> functions() throws SQLException {
    return byKey(
        "SELECT p.oid, p.oid::regprocedure FROM pg_proc p WHERE true"
            + OURS.formatted("p", "pronamespace", "pg_proc"),
        row -> new Function(row.getLong(1), row.getString(2)),
        Function::oid);
  }

  private Map<Long, Trigger> triggers() throws SQLException {
    return byKey(
        """
        SELECT t.oid, t.tgrelid, t.tgname, t.tgparentid, pg_get_triggerdef(t.oid)
          FROM pg_trigger t
          JOIN pg_class c ON c.oid = t.tgrelid
         WHERE NOT t.tgisinternal
        """
            + OURS.formatted("c", "relnamespace", "pg_class"),
        row ->
            new Trigger(
                row.getLong(1), row.getLong(2), row.getString(3), row.getLong(4), row.getString(5)),
        Trigger::oid);
  }

  private Map<String, Extension> extensions() throws SQLException {
    return byKey(
        "SELECT extname, extversion FROM pg_extension",
        row -> new Extension(row.getString(1), row.getString(2)),
        Extension::name);
  }

  private interface Row<T> {
    T read(ResultSet row) throws SQLException;
  }

  private <K, T> Map<K, T> byKey(String sql, Row<T> read, java.util.function.Function<T, K> key)
      throws SQLException {
    Map<K, T> all = new LinkedHashMap<>();
    query(
        sql,
        row -> {
          T value = read.read(row);
          return all.put(key.apply(value), value);
        });
    return all;
  }

  private void query(String sql, Row<?> read) throws SQLException {
    try (Statement select = connection.createStatement()) {
      select.setEscapeProcessing(false);
      try (ResultSet row = select.executeQuery(sql)) {
        while (row.next()) {
          read.read(row);
        }
      }
    }
  }

  private static List<Integer> numbers(ResultSet row, int column) throws SQLException {
    return list(row, column, Number.class).stream().map(Number::intValue).toList();
  }

  private static <T> List<T> list(ResultSet row, int column, Class<T> type) throws SQLException {
    List<T> values = new ArrayList<>();
    for (Object value : (Object[]) row.getArray(column).getArray()) {
      values.add(type.cast(value));
    }
    return List.copyOf(values);
  }
}
