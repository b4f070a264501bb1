package dev.sheaf.migration.catalog;

import dev.sheaf.database.Sql;
import dev.sheaf.database.Transactions;
import dev.sheaf.migration.catalog.Catalog.Column;
import dev.sheaf.migration.catalog.Catalog.Comment;
import dev.sheaf.migration.catalog.Catalog.Constraint;
import dev.sheaf.migration.catalog.Catalog.ConstraintKind;
import dev.sheaf.migration.catalog.Catalog.Dependency;
import dev.sheaf.migration.catalog.Catalog.Detail;
import dev.sheaf.migration.catalog.Catalog.Extension;
import dev.sheaf.migration.catalog.Catalog.Function;
import dev.sheaf.migration.catalog.Catalog.Index;
import dev.sheaf.migration.catalog.Catalog.Kind;
import dev.sheaf.migration.catalog.Catalog.ObjectId;
import dev.sheaf.migration.catalog.Catalog.Other;
import dev.sheaf.migration.catalog.Catalog.Policy;
import dev.sheaf.migration.catalog.Catalog.Privileges;
import dev.sheaf.migration.catalog.Catalog.Relation;
import dev.sheaf.migration.catalog.Catalog.RewriteRule;
import dev.sheaf.migration.catalog.Catalog.Schema;
import dev.sheaf.migration.catalog.Catalog.Sequence;
import dev.sheaf.migration.catalog.Catalog.Statistics;
import dev.sheaf.migration.catalog.Catalog.Trigger;
import dev.sheaf.migration.catalog.Catalog.TypeKind;
import dev.sheaf.migration.catalog.Catalog.UserType;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Reads a [Catalog] through one connection, its own uncommitted changes included. There is one
/// query for each kind of object, and no other class asks PostgreSQL for definitions of objects.
public final class CatalogReader {

  /// The kind of a relation, as `acldefault` takes it.
  private static final String RELATION =
      "CASE c.relkind WHEN 'S' THEN 's'::\"char\" ELSE 'r'::\"char\" END";

  /// What the texts of definitions depend on, whatever server, database and role set.
  private static final List<String> SETTINGS =
      List.of(
          "quote_all_identifiers = off",
          "standard_conforming_strings = on",
          "bytea_output = 'hex'",
          "DateStyle = 'ISO, MDY'",
          "IntervalStyle = 'postgres'",
          "TimeZone = 'UTC'",
          "extra_float_digits = 3",
          "lc_monetary = 'C'");

  private static final String INDEX_KEYS =
      """
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
      """;

  /// The schema of the engine's tables as the session finds them, else the only one that there is.
  private static final String HOME =
      """
      (SELECT coalesce((SELECT relnamespace FROM pg_class WHERE oid = to_regclass('databasechangelog')),
                       (SELECT min(c.relnamespace)
                          FROM pg_class c
                          JOIN pg_class g USING (relnamespace)
                         WHERE c.relname = 'databasechangelog' AND g.relname = 'schema_gate'
                        HAVING count(*) = 1)))\
      """;

  /// Its name as SQL has to write it; where there are no such tables yet, where they would be.
  private static final String HOME_NAME =
      "coalesce(%s::regnamespace::text, quote_ident(current_schema()), 'public')".formatted(HOME);

  private final Connection connection;
  private final Detail detail;

  /// The `pretty` argument of PostgreSQL's functions: fewer parentheses, and no schema where a name
  /// is found without.
  private final boolean pretty;

  private final List<Privileges> privileges = new ArrayList<>();

  /// In the order in which they run, all in one round trip.
  private final List<Reading> queries = new ArrayList<>();

  private CatalogReader(Connection connection, Detail detail) {
    this.connection = connection;
    this.detail = detail;
    this.pretty = detail == Detail.STATEMENTS;
  }

  /// A statement and what takes the rows of its result; `null` where it has none.
  private record Reading(String sql, @Nullable Row<?> row) {}

  private interface Row<T extends @Nullable Object> {
    T read(ResultSet row) throws SQLException;
  }

  /// Reads the catalog, in the transaction of `connection` or in one of its own. No lock that
  /// reading takes, and nothing that it sets, is left behind.
  public static Catalog read(Connection connection, Detail detail) throws SQLException {
    CatalogReader reader = new CatalogReader(connection, detail);
    if (!connection.getAutoCommit()) {
      Savepoint savepoint = connection.setSavepoint();
      try {
        return reader.read();
      } finally {
        connection.rollback(savepoint);
        connection.releaseSavepoint(savepoint);
      }
    }
    // One snapshot: other sessions create and drop objects meanwhile.
    reader.set("TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY");
    return Transactions.callAndRollBack(connection, _ -> reader.read());
  }

  /// The schema of the engine's tables, in which changelogs create what they name without a schema,
  /// as SQL has to write it.
  public static String home(Connection connection) throws SQLException {
    return Sql.of("SELECT " + HOME_NAME).first(connection, row -> row.getString(1)).orElseThrow();
  }

  private Catalog read() throws SQLException {
    boolean facts = detail == Detail.FACTS;
    boolean exact = detail == Detail.EXACT;
    boolean statements = detail == Detail.STATEMENTS;
    Set<ObjectId> engine = engine();
    pin();
    Map<ObjectId, Comment> comments = comments();
    Map<Long, List<Column>> columns = columns(comments);
    Catalog catalog =
        new Catalog(
            detail,
            engine,
            schemas(),
            extensions(),
            relations(columns, comments),
            constraints(),
            new LinkedHashMap<>(),
            indexes(),
            facts ? Map.of() : sequences(),
            types(),
            functions(),
            triggers(),
            facts ? Map.of() : rules(),
            facts ? Map.of() : policies(),
            facts ? Map.of() : statistics(),
            exact ? others() : List.of(),
            comments,
            privileges,
            statements ? dependencies() : List.of(),
            statements ? partOf() : Map.of());
    run();
    separateNotNulls(catalog);
    removePartsOfExtensions(catalog);
    return catalog;
  }

  private static void separateNotNulls(Catalog catalog) {
    catalog
        .constraints()
        .values()
        .removeIf(constraint -> {
          boolean is = constraint.kind() == ConstraintKind.NOT_NULL;
          if (is) {
            catalog.notNulls().put(constraint.oid(), constraint);
          }
          return is;
        });
  }

  /// PostgreSQL records of an extension's table that it belongs to the extension, but not of what
  /// is on the table.
  private static void removePartsOfExtensions(Catalog catalog) {
    Map<Long, Relation> relations = catalog.relations();
    catalog.indexes().values().removeIf(index -> !relations.containsKey(index.table()));
    if (catalog.detail() != Detail.FACTS) {
      catalog
          .sequences()
          .values()
          .removeIf(sequence -> sequence.table() != 0 && !relations.containsKey(sequence.table()));
    }
    catalog
        .constraints()
        .values()
        .removeIf(constraint ->
            !relations.containsKey(constraint.table())
                && !catalog.types().containsKey(constraint.domain()));
    relations
        .values()
        .removeIf(relation ->
            switch (relation.kind()) {
              case INDEX, PARTITIONED_INDEX -> !catalog.indexes().containsKey(relation.oid());
              case SEQUENCE ->
                  catalog.detail() != Detail.FACTS
                      && !catalog.sequences().containsKey(relation.oid());
              default -> false;
            });
  }

  /// The oids of the objects of one catalog that belong to an extension.
  private static String members(String catalog) {
    return "SELECT objid FROM pg_depend WHERE refclassid = 'pg_extension'::regclass AND classid = '%s'::regclass AND deptype = 'e'"
        .formatted(catalog);
  }

  /// What is neither the system's nor an extension's.
  private static String ours(String alias, String namespace, String catalog) {
    return """
      AND %1$s.%2$s NOT IN (SELECT oid FROM pg_namespace WHERE nspname ~ '^(pg_|information_schema$)')
      AND %1$s.oid NOT IN (%3$s)
    """
        .formatted(alias, namespace, members(catalog));
  }

  /// What the migration engine keeps for itself: by its names, but in its own schema only.
  private Set<ObjectId> engine() {
    Set<ObjectId> engine = new HashSet<>();
    query(
        """
        SELECT 'pg_class', oid
          FROM pg_class
         WHERE relnamespace = %1$s AND relkind IN ('r', 'p') AND relname IN (%2$s)
        UNION ALL
        SELECT 'pg_proc', oid
          FROM pg_proc
         WHERE pronamespace = %1$s AND proname IN (%3$s)
        UNION ALL
        SELECT 'pg_namespace', oid
          FROM pg_namespace
         WHERE nspname = '%4$s'
        """
            .formatted(HOME, EngineObjects.TABLES, EngineObjects.FUNCTIONS, Catalog.TRASH),
        row -> engine.add(new ObjectId(row.getString(1), row.getLong(2))));
    return engine;
  }

  /// Makes definitions independent of the session. What changelogs name without a schema stands in
  /// the schema of the engine's tables.
  private void pin() {
    if (detail == Detail.STATEMENTS) {
      query(
          """
          SELECT set_config('search_path', %s || ', public', true)
          """
              .formatted(HOME_NAME),
          _ -> "");
    } else {
      set("LOCAL search_path = ''");
    }
    SETTINGS.forEach(setting -> set("LOCAL " + setting));
  }

  private Map<Long, Schema> schemas() {
    return byKey(
        """
        SELECT oid, nspname, quote_ident(nspname), %s
          FROM pg_namespace
         WHERE nspname !~ '^(pg_|information_schema$)'
           AND oid NOT IN (%s)
        """
            .formatted(privileges("'n'", "nspowner", "nspacl"), members("pg_namespace")),
        row -> {
          addPrivileges(new ObjectId("pg_namespace", row.getLong(1)), row, 4);
          return new Schema(row.getLong(1), row.getString(2), row.getString(3));
        },
        Schema::oid);
  }

  private Map<String, Extension> extensions() {
    return byKey(
        "SELECT oid, extname, quote_ident(extname), extversion, extnamespace::regnamespace FROM pg_extension",
        row ->
            new Extension(
                row.getLong(1),
                row.getString(2),
                row.getString(3),
                row.getString(4),
                row.getString(5)),
        Extension::name);
  }

  private Map<Long, Relation> relations(
      Map<Long, List<Column>> columns, Map<ObjectId, Comment> comments) {
    return byKey(
        """
        SELECT c.oid, n.nspname, c.relname, c.oid::regclass, quote_ident(c.relname), quote_ident(n.nspname),
               c.relkind, c.relpersistence, c.relfilenode,
               CASE WHEN c.relfilenode = 0 OR %2$s THEN 0 ELSE pg_relation_size(c.oid) END,
               (SELECT spcname FROM pg_tablespace s WHERE s.oid = c.reltablespace), m.amname,
               coalesce(c.reloptions, '{}'), c.relreplident,
               coalesce((SELECT indexrelid FROM pg_index WHERE indrelid = c.oid AND indisreplident), 0),
               coalesce((SELECT indexrelid FROM pg_index WHERE indrelid = c.oid AND indisclustered), 0),
               c.relrowsecurity, c.relforcerowsecurity,
               coalesce((SELECT inhparent FROM pg_inherits WHERE inhrelid = c.oid AND c.relispartition), 0),
               ARRAY(SELECT inhparent::regclass::text FROM pg_inherits WHERE inhrelid = c.oid ORDER BY inhseqno),
               pg_get_expr(c.relpartbound, c.oid),
               CASE WHEN c.relispartition AND c.relkind = 'r' AND NOT %2$s THEN pg_get_partition_constraintdef(c.oid) END,
               CASE c.relkind WHEN 'p' THEN pg_get_partkeydef(c.oid) END,
               CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid, %1$s) END,
               %3$s
          FROM pg_class c
          JOIN pg_namespace n ON n.oid = c.relnamespace
          LEFT JOIN pg_am m ON m.oid = c.relam
         WHERE c.relkind IN ('r', 'p', 'i', 'I', 'v', 'm', 'S', 'f', 'c')
        """
                .formatted(
                    pretty, detail != Detail.FACTS, privileges(RELATION, "c.relowner", "c.relacl"))
            + ours("c", "relnamespace", "pg_class"),
        row -> {
          addPrivileges(new ObjectId("pg_class", row.getLong(1)), row, 25);
          return new Relation(
              row.getLong(1),
              row.getString(2),
              row.getString(3),
              row.getString(4),
              row.getString(5),
              row.getString(6),
              kind(row.getString(7)),
              row.getString(8),
              row.getLong(9),
              row.getLong(10),
              row.getString(11),
              row.getString(12),
              texts(row, 13),
              row.getString(14),
              row.getLong(15),
              row.getLong(16),
              row.getBoolean(17),
              row.getBoolean(18),
              row.getLong(19),
              texts(row, 20),
              row.getString(21),
              row.getString(22),
              row.getString(23),
              row.getString(24),
              text(comments.get(new ObjectId("pg_class", row.getLong(1)))),
              columns.getOrDefault(row.getLong(1), List.of()));
        },
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

  private Map<Long, List<Column>> columns(Map<ObjectId, Comment> comments) {
    String sql =
        """
        SELECT a.attrelid, a.attnum, a.attname, quote_ident(a.attname), a.atttypid, t.typname, t.typcategory,
               format_type(a.atttypid, a.atttypmod), a.atttypmod,
               CASE WHEN a.attcollation <> t.typcollation THEN a.attcollation::regcollation END,
               a.attnotnull, pg_get_expr(v.adbin, v.adrelid), a.attgenerated, a.attidentity,
               a.attstorage, t.typstorage, a.attcompression, coalesce(a.attstattarget, -1),
               -- Recent minor versions keep a counter of their own among the options.
               CASE WHEN a.attoptions IS NULL THEN '{}'
                    ELSE ARRAY(SELECT option FROM unnest(a.attoptions) option WHERE option NOT LIKE 'pg_attver=%%' ORDER BY option) END,
               a.attislocal, a.attinhcount, %2$s
          FROM pg_attribute a
          JOIN pg_class c ON c.oid = a.attrelid
          JOIN pg_type t ON t.oid = a.atttypid
          LEFT JOIN pg_attrdef v ON v.adrelid = a.attrelid AND v.adnum = a.attnum
         WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind <> ALL (%1$s)
        """
                .formatted(
                    detail == Detail.FACTS ? "'{}'" : "'{i, I, S}'",
                    detail == Detail.EXACT ? "a.attacl::text" : "NULL")
            + ours("c", "relnamespace", "pg_class")
            + " ORDER BY a.attrelid, a.attnum";
    Map<Long, List<Column>> columns = new HashMap<>();
    query(
        sql,
        row -> {
          ObjectId id = new ObjectId("pg_class", row.getLong(1), row.getInt(2));
          String grants = row.getString(22);
          if (grants != null) {
            privileges.add(new Privileges(id, null, grants));
          }
          return columns
              .computeIfAbsent(row.getLong(1), relation -> new ArrayList<>())
              .add(
                  new Column(
                      row.getInt(2),
                      row.getString(3),
                      row.getString(4),
                      row.getLong(5),
                      row.getString(6),
                      row.getString(7),
                      row.getString(8),
                      row.getInt(9),
                      row.getString(10),
                      row.getBoolean(11),
                      row.getString(12),
                      row.getString(13),
                      row.getString(14),
                      row.getString(15),
                      row.getString(16),
                      row.getString(17),
                      row.getInt(18),
                      texts(row, 19),
                      row.getBoolean(20),
                      row.getInt(21),
                      text(comments.get(id))));
        });
    return columns;
  }

  private Map<Long, Constraint> constraints() {
    return byKey(
        """
        SELECT c.oid, c.conrelid, c.contypid, c.conname, quote_ident(c.conname), c.contype, c.convalidated,
               coalesce(c.conkey, '{}'), c.confrelid, coalesce(c.confkey, '{}'), c.conindid, c.conparentid,
               c.conislocal, c.coninhcount,
               EXISTS (SELECT FROM pg_operator o WHERE o.oid = ANY (c.conpfeqop) AND o.oprleft <> o.oprright),
               pg_get_expr(c.conbin, c.conrelid), pg_get_constraintdef(c.oid, %1$s),
               ARRAY(SELECT pg_get_indexdef(c.conindid, k.n::int, false)
                       FROM unnest(c.conexclop) WITH ORDINALITY k (operator, n)
                      ORDER BY k.n),
               ARRAY(SELECT format('OPERATOR(%%I.%%s)', s.nspname, o.oprname)
                       FROM unnest(c.conexclop) WITH ORDINALITY k (operator, n)
                       JOIN pg_operator o ON o.oid = k.operator
                       JOIN pg_namespace s ON s.oid = o.oprnamespace
                      ORDER BY k.n)
          FROM pg_constraint c
         WHERE true
        """
                .formatted(pretty)
            + ours("c", "connamespace", "pg_constraint"),
        row ->
            new Constraint(
                row.getLong(1),
                row.getLong(2),
                row.getLong(3),
                row.getString(4),
                row.getString(5),
                ConstraintKind.of(row.getString(6)),
                row.getBoolean(7),
                numbers(row, 8),
                row.getLong(9),
                numbers(row, 10),
                row.getLong(11),
                row.getLong(12),
                row.getBoolean(13),
                row.getInt(14),
                row.getBoolean(15),
                row.getString(16),
                row.getString(17),
                texts(row, 18),
                texts(row, 19)),
        Constraint::oid);
  }

  private Map<Long, Index> indexes() {
    return byKey(
        """
        SELECT c.oid, i.indrelid, i.indisunique, i.indisvalid, m.amname,
               (i.indkey::int2[])[0:i.indnkeyatts - 1], (i.indkey::int2[])[i.indnkeyatts:],
               %2$s
               pg_get_expr(i.indexprs, i.indrelid), pg_get_expr(i.indpred, i.indrelid), i.indisexclusion,
               EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = c.oid AND k.contype IN ('p', 'u', 'x')),
               i.indisclustered, i.indisreplident, pg_get_indexdef(c.oid, 0, %1$s)
          FROM pg_index i
          JOIN pg_class c ON c.oid = i.indexrelid
          JOIN pg_am m ON m.oid = c.relam
         WHERE true
        """
                .formatted(
                    pretty,
                    detail == Detail.FACTS
                        ? INDEX_KEYS
                        : "'{}'::text[], '{}'::text[], '{}'::text[],")
            + ours("c", "relnamespace", "pg_class"),
        row ->
            new Index(
                row.getLong(1),
                row.getLong(2),
                row.getBoolean(3),
                row.getBoolean(4),
                row.getString(5),
                numbers(row, 6),
                numbers(row, 7),
                texts(row, 8),
                texts(row, 9),
                texts(row, 10),
                row.getString(11),
                row.getString(12),
                row.getBoolean(13),
                row.getBoolean(14),
                row.getBoolean(15),
                row.getBoolean(16),
                row.getString(17)),
        Index::oid);
  }

  private Map<Long, Sequence> sequences() {
    return byKey(
        """
        SELECT c.oid, format_type(s.seqtypid, NULL), s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle,
               coalesce(o.refobjid, 0), coalesce(o.refobjsubid, 0), coalesce(o.deptype = 'i', false)
          FROM pg_sequence s
          JOIN pg_class c ON c.oid = s.seqrelid
          LEFT JOIN pg_depend o ON o.classid = 'pg_class'::regclass AND o.objid = c.oid AND o.deptype IN ('a', 'i')
                               AND o.refclassid = 'pg_class'::regclass
         WHERE true
        """
            + ours("c", "relnamespace", "pg_class"),
        row ->
            new Sequence(
                row.getLong(1),
                row.getString(2),
                row.getLong(3),
                row.getLong(4),
                row.getLong(5),
                row.getLong(6),
                row.getLong(7),
                row.getBoolean(8),
                row.getLong(9),
                row.getInt(10),
                row.getBoolean(11)),
        Sequence::oid);
  }

  private Map<Long, UserType> types() {
    return byKey(
        """
        SELECT t.oid, n.nspname, t.typname, format_type(t.oid, NULL), quote_ident(t.typname), quote_ident(n.nspname), t.typtype,
               CASE t.typtype WHEN 'd' THEN format_type(t.typbasetype, t.typtypmod) END, t.typnotnull, t.typdefault,
               (SELECT rngsubtype::regtype FROM pg_range WHERE rngtypid = t.oid), t.typrelid,
               ARRAY(SELECT oid::bigint FROM pg_enum WHERE enumtypid = t.oid ORDER BY enumsortorder),
               ARRAY(SELECT enumlabel::text FROM pg_enum WHERE enumtypid = t.oid ORDER BY enumsortorder),
               %1$s
          FROM pg_type t
          JOIN pg_namespace n ON n.oid = t.typnamespace
          LEFT JOIN pg_class c ON c.oid = t.typrelid
         WHERE (t.typtype IN ('e', 'd', 'r') OR t.typtype = 'c' AND c.relkind = 'c')
        """
                .formatted(privileges("'T'", "t.typowner", "t.typacl"))
            + ours("t", "typnamespace", "pg_type"),
        row -> {
          addPrivileges(new ObjectId("pg_type", row.getLong(1)), row, 15);
          return new UserType(
              row.getLong(1),
              row.getString(2),
              row.getString(3),
              row.getString(4),
              row.getString(5),
              row.getString(6),
              typeKind(row.getString(7)),
              labels(list(row, 13, Long.class), texts(row, 14)),
              row.getString(8),
              row.getBoolean(9),
              row.getString(10),
              row.getString(11),
              row.getLong(12));
        },
        UserType::oid);
  }

  private static Map<Long, String> labels(List<Long> oids, List<String> labels) {
    Map<Long, String> byOid = new LinkedHashMap<>();
    for (int i = 0; i < oids.size(); i++) {
      byOid.put(oids.get(i), labels.get(i));
    }
    return byOid;
  }

  private static TypeKind typeKind(String typtype) {
    return switch (typtype) {
      case "e" -> TypeKind.ENUM;
      case "d" -> TypeKind.DOMAIN;
      case "r" -> TypeKind.RANGE;
      case "c" -> TypeKind.COMPOSITE;
      default -> throw new IllegalStateException("typtype " + typtype);
    };
  }

  private Map<Long, Function> functions() {
    return byKey(
        """
        SELECT p.oid, p.oid::regprocedure, quote_ident(p.proname), p.prokind,
               format('%%I.%%I(%%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)),
               pg_get_function_arguments(p.oid), pg_get_function_result(p.oid),
               EXISTS (SELECT FROM pg_depend i WHERE i.classid = 'pg_proc'::regclass AND i.objid = p.oid AND i.deptype = 'i'),
               %1$s,
               %2$s
          FROM pg_proc p
          JOIN pg_namespace n ON n.oid = p.pronamespace
         WHERE true
        """
                .formatted(
                    detail == Detail.FACTS
                        ? "NULL"
                        : """
                        CASE WHEN p.prokind = 'a' THEN NULL
                             WHEN pg_function_is_visible(p.oid)
                             THEN replace(pg_get_functiondef(p.oid), format(' %I.%I(', n.nspname, p.proname), format(' %I(', p.proname))
                             ELSE pg_get_functiondef(p.oid) END\
                        """,
                    privileges("'f'", "p.proowner", "p.proacl"))
            + ours("p", "pronamespace", "pg_proc"),
        row -> {
          addPrivileges(new ObjectId("pg_proc", row.getLong(1)), row, 10);
          return new Function(
              row.getLong(1),
              row.getString(2),
              row.getString(3),
              row.getString(4),
              row.getString(5),
              row.getString(6),
              row.getString(7),
              row.getBoolean(8),
              row.getString(9));
        },
        Function::oid);
  }

  private Map<Long, Trigger> triggers() {
    return byKey(
        """
        SELECT t.oid, t.tgrelid, t.tgname, quote_ident(t.tgname), t.tgparentid, t.tgenabled, pg_get_triggerdef(t.oid, %1$s)
          FROM pg_trigger t
          JOIN pg_class c ON c.oid = t.tgrelid
         WHERE NOT t.tgisinternal
        """
                .formatted(pretty)
            + ours("c", "relnamespace", "pg_class"),
        row ->
            new Trigger(
                row.getLong(1),
                row.getLong(2),
                row.getString(3),
                row.getString(4),
                row.getLong(5),
                row.getString(6),
                row.getString(7)),
        Trigger::oid);
  }

  private Map<Long, RewriteRule> rules() {
    return byKey(
        """
        SELECT w.oid, w.ev_class, quote_ident(w.rulename), pg_get_ruledef(w.oid, %1$s)
          FROM pg_rewrite w
          JOIN pg_class c ON c.oid = w.ev_class
         WHERE w.rulename <> '_RETURN'
        """
                .formatted(pretty)
            + ours("c", "relnamespace", "pg_class"),
        row -> new RewriteRule(row.getLong(1), row.getLong(2), row.getString(3), row.getString(4)),
        RewriteRule::oid);
  }

  private Map<Long, Policy> policies() {
    return byKey(
        """
        SELECT p.oid, p.polrelid, quote_ident(p.polname), p.polcmd, p.polpermissive,
               ARRAY(SELECT CASE role WHEN 0 THEN 'PUBLIC' ELSE role::regrole::text END
                       FROM unnest(p.polroles) WITH ORDINALITY r (role, n) ORDER BY n),
               pg_get_expr(p.polqual, p.polrelid, %1$s), pg_get_expr(p.polwithcheck, p.polrelid, %1$s)
          FROM pg_policy p
          JOIN pg_class c ON c.oid = p.polrelid
         WHERE true
        """
                .formatted(pretty)
            + ours("c", "relnamespace", "pg_class"),
        row ->
            new Policy(
                row.getLong(1),
                row.getLong(2),
                row.getString(3),
                row.getString(4),
                row.getBoolean(5),
                texts(row, 6),
                row.getString(7),
                row.getString(8)),
        Policy::oid);
  }

  private Map<Long, Statistics> statistics() {
    return byKey(
        """
        SELECT s.oid, s.stxrelid, format('%I.%I', n.nspname, s.stxname), pg_get_statisticsobjdef(s.oid)
          FROM pg_statistic_ext s
          JOIN pg_namespace n ON n.oid = s.stxnamespace
         WHERE true
        """
            + ours("s", "stxnamespace", "pg_statistic_ext"),
        row -> new Statistics(row.getLong(1), row.getLong(2), row.getString(3), row.getString(4)),
        Statistics::oid);
  }

  private List<Other> others() {
    return list(
        """
        SELECT 'event trigger', 'pg_event_trigger', oid, evtname,
               concat_ws(' ', evtevent, evtfoid::regproc, evtenabled, array_to_string(evttags, ','))
          FROM pg_event_trigger
         WHERE oid NOT IN (
        """
            + members("pg_event_trigger")
            + """
            )
            UNION ALL
            SELECT 'operator', 'pg_operator', o.oid,
                   format('%I.%I (%s)', n.nspname, o.oprname, concat_ws(', ', nullif(o.oprleft, 0)::regtype, o.oprright::regtype)),
                   o.oprcode::text
              FROM pg_operator o
              JOIN pg_namespace n ON n.oid = o.oprnamespace
             WHERE true
            """
            + ours("o", "oprnamespace", "pg_operator")
            + """
            UNION ALL
            SELECT 'operator class', 'pg_opclass', o.oid, format('%I.%I', n.nspname, o.opcname), o.opcintype::regtype::text
              FROM pg_opclass o
              JOIN pg_namespace n ON n.oid = o.opcnamespace
             WHERE true
            """
            + ours("o", "opcnamespace", "pg_opclass")
            + """
            UNION ALL
            SELECT 'collation', 'pg_collation', o.oid, format('%I.%I', n.nspname, o.collname),
                   concat_ws(' ', o.collprovider, o.collcollate, o.collctype)
              FROM pg_collation o
              JOIN pg_namespace n ON n.oid = o.collnamespace
             WHERE true
            """
            + ours("o", "collnamespace", "pg_collation")
            + """
            UNION ALL
            SELECT 'text search configuration', 'pg_ts_config', o.oid, format('%I.%I', n.nspname, o.cfgname), o.cfgparser::text
              FROM pg_ts_config o
              JOIN pg_namespace n ON n.oid = o.cfgnamespace
             WHERE true
            """
            + ours("o", "cfgnamespace", "pg_ts_config")
            + """
            UNION ALL
            SELECT 'cast', 'pg_cast', c.oid, format('%s -> %s', castsource::regtype, casttarget::regtype),
                   concat_ws(' ', castfunc::regproc, castcontext)
              FROM pg_cast c
             WHERE c.oid >= 16384
               AND c.oid NOT IN (
            """
            + members("pg_cast")
            + """
              )
            UNION ALL
            SELECT 'publication', 'pg_publication', oid, pubname,
                   concat_ws(' ', puballtables, pubinsert, pubupdate, pubdelete, pubtruncate,
                             (SELECT string_agg(r.prrelid::regclass::text, ',' ORDER BY r.prrelid::regclass::text)
                                FROM pg_publication_rel r WHERE r.prpubid = p.oid))
              FROM pg_publication p
            UNION ALL
            SELECT 'default privileges', 'pg_default_acl', oid,
                   concat_ws(' ', pg_get_userbyid(defaclrole), nullif(defaclnamespace, 0)::regnamespace, defaclobjtype),
                   defaclacl::text
              FROM pg_default_acl
            """,
        row ->
            new Other(
                row.getString(1),
                new ObjectId(row.getString(2), row.getLong(3)),
                row.getString(4),
                row.getString(5)));
  }

  private Map<ObjectId, Comment> comments() {
    return byKey(
        """
        SELECT d.classoid::regclass, d.objoid, d.objsubid, %1$s, d.description
          FROM pg_description d
        %2$s
         WHERE d.objoid >= 16384
           AND d.classoid <> 'pg_extension'::regclass
           AND (d.classoid, d.objoid) NOT IN (SELECT classid, objid FROM pg_depend WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e')
        """
            .formatted(
                detail == Detail.FACTS ? "'', ''" : "i.type, i.identity",
                detail == Detail.FACTS
                    ? ""
                    : "CROSS JOIN LATERAL pg_identify_object(d.classoid, d.objoid, d.objsubid) i"),
        row ->
            new Comment(
                new ObjectId(row.getString(1), row.getLong(2), row.getInt(3)),
                row.getString(4),
                row.getString(5),
                row.getString(6)),
        Comment::of);
  }

  private static @Nullable String text(@Nullable Comment comment) {
    return comment == null ? null : comment.text();
  }

  /// The columns of a query for the owner of an object and who may do what with it. A list that
  /// says what applies without one, as it is left by `GRANT` and `REVOKE`, counts as none.
  ///
  /// @param kind of the object, as `acldefault` takes it
  private String privileges(String kind, String owner, String grants) {
    return detail == Detail.EXACT
        ? """
        pg_get_userbyid(%2$s),
        CASE WHEN %3$s @> acldefault(%1$s, %2$s) AND %3$s <@ acldefault(%1$s, %2$s) THEN NULL ELSE %3$s::text END
        """
            .formatted(kind, owner, grants)
        : "NULL, NULL";
  }

  private void addPrivileges(ObjectId of, ResultSet row, int column) throws SQLException {
    if (detail == Detail.EXACT) {
      privileges.add(new Privileges(of, row.getString(column), row.getString(column + 1)));
    }
  }

  private List<Dependency> dependencies() {
    return list(
        """
        SELECT classid::regclass, objid, objsubid, refclassid::regclass, refobjid, refobjsubid, deptype IN ('a', 'i')
          FROM pg_depend
         WHERE objid >= 16384 AND refobjid >= 16384 AND deptype IN ('n', 'a', 'i')
        """,
        row ->
            new Dependency(
                new ObjectId(row.getString(1), row.getLong(2), row.getInt(3)),
                new ObjectId(row.getString(4), row.getLong(5), row.getInt(6)),
                row.getBoolean(7)));
  }

  private Map<ObjectId, ObjectId> partOf() {
    Map<ObjectId, ObjectId> partOf = new HashMap<>();
    query(
        """
        SELECT 'pg_attrdef', oid, 'pg_class', adrelid, adnum FROM pg_attrdef
        UNION ALL
        SELECT 'pg_rewrite', oid, 'pg_class', ev_class, 0 FROM pg_rewrite WHERE rulename = '_RETURN' AND oid >= 16384
        UNION ALL
        SELECT 'pg_type', t.oid, 'pg_class', t.typrelid, 0 FROM pg_type t JOIN pg_class c ON c.oid = t.typrelid WHERE c.relkind <> 'c' AND t.oid >= 16384
        UNION ALL
        SELECT 'pg_class', c.oid, 'pg_type', c.reltype, 0 FROM pg_class c WHERE c.relkind = 'c'
        UNION ALL
        SELECT 'pg_type', typarray, 'pg_type', oid, 0 FROM pg_type WHERE typarray <> 0 AND oid >= 16384
        UNION ALL
        SELECT 'pg_class', conindid, 'pg_constraint', oid, 0 FROM pg_constraint WHERE contype IN ('p', 'u', 'x')
        """,
        row ->
            partOf.put(
                new ObjectId(row.getString(1), row.getLong(2)),
                new ObjectId(row.getString(3), row.getLong(4), row.getInt(5))));
    return partOf;
  }

  private void set(String setting) {
    queries.add(new Reading("SET " + setting, null));
  }

  private void query(String sql, Row<?> row) {
    queries.add(new Reading(sql, row));
  }

  /// The rows of a query, there as soon as it has run.
  private <T> List<T> list(String sql, Row<T> read) {
    List<T> all = new ArrayList<>();
    query(sql, row -> all.add(read.read(row)));
    return all;
  }

  /// In the order of the keys: PostgreSQL returns rows in the order in which they happen to be
  /// stored, and findings are in the order of the catalog.
  private <K extends Comparable<K>, T> Map<K, T> byKey(
      String sql, Row<T> read, java.util.function.Function<T, K> key) {
    Map<K, T> all = new TreeMap<>();
    query(
        sql,
        row -> {
          T value = read.read(row);
          return all.put(key.apply(value), value);
        });
    return all;
  }

  private void run() throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.setEscapeProcessing(false);
      statement.execute(queries.stream().map(Reading::sql).collect(Collectors.joining(";\n")));
      for (Reading query : queries) {
        if (query.row() != null) {
          try (ResultSet row = statement.getResultSet()) {
            while (row.next()) {
              query.row().read(row);
            }
          }
        }
        statement.getMoreResults();
      }
    }
  }

  private static List<Integer> numbers(ResultSet row, int column) throws SQLException {
    return list(row, column, Number.class).stream().map(Number::intValue).toList();
  }

  private static List<String> texts(ResultSet row, int column) throws SQLException {
    return list(row, column, String.class);
  }

  private static <T> List<T> list(ResultSet row, int column, Class<T> type) throws SQLException {
    List<T> values = new ArrayList<>();
    for (Object value : (Object[]) row.getArray(column).getArray()) {
      values.add(Objects.requireNonNull(type.cast(value)));
    }
    return List.copyOf(values);
  }
}
