package dev.sheaf.migration.catalog;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The objects of one database as the statements that make them and take them away, and what
/// depends on what. [CatalogSnapshot] says whether two schemas are the same; this says how one
/// becomes the other.
///
/// Left out is what comes and goes with another object by itself: what a partition has from its
/// parent, the index of a key, the sequence of an identity.
///
/// @param objects by key, in the order in which they could be created
/// @param dependencies between their keys
public record CatalogObjects(Map<ObjectId, Item> objects, List<Dependency> dependencies) {

  /// @param catalog such as `pg_class`
  /// @param sub the number of a column; 0 is the whole object
  record ObjectId(String catalog, long oid, int sub) {}

  /// @param automatic whether `from` goes when `to` is dropped
  record Dependency(ObjectId from, ObjectId to, boolean automatic) {}

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
    VIEW,
    MATERIALIZED_VIEW,
    RULE,
    TRIGGER,
    POLICY,
    STATISTICS,
    COMMENT;

    private static final Set<Kind> USED_BY_OTHERS =
        Set.of(SCHEMA, EXTENSION, TYPE, DOMAIN, SEQUENCE, FUNCTION);

    /// Whether others may use it without being part of it, so that it goes after they were changed.
    boolean isUsedByOthers() {
      return USED_BY_OTHERS.contains(this);
    }
  }

  /// One object and its definition.
  ///
  /// @param owner what it is a part of, and is dropped with
  /// @param name as SQL writes it; a column's begins with its table's
  /// @param create the statements that make it
  /// @param drop the statement that takes it away
  /// @param attributes what can be changed in place
  public record Item(
      Kind kind,
      ObjectId key,
      @Nullable ObjectId owner,
      String name,
      String create,
      String drop,
      JsonNode attributes) {

    public String text(String attribute) {
      return attributes.path(attribute).asText("");
    }

    public boolean has(String attribute) {
      return attributes.path(attribute).asBoolean(false);
    }

    public List<String> texts(String attribute) {
      List<String> texts = new ArrayList<>();
      attributes.path(attribute).forEach(text -> texts.add(text.asText()));
      return texts;
    }
  }

  /// Each yields kind, catalog, oid, sub, owner's catalog, oid and sub, name, create, drop,
  /// attributes. `pretty` definitions name what is on the search path without its schema.
  private static final String OBJECTS =
      """
      WITH ours AS (
          SELECT oid, nspname FROM pg_namespace
           WHERE nspname NOT IN ('pg_catalog', 'information_schema') AND nspname !~ '^pg_(toast|temp)'
      ), of_extension AS (
          SELECT classid, objid FROM pg_depend WHERE deptype = 'e'
      ), relation AS (
          SELECT c.*, c.oid::regclass::text AS ref, n.nspname,
                 (SELECT i.inhparent FROM pg_inherits i WHERE i.inhrelid = c.oid AND c.relispartition) AS parent
            FROM pg_class c
            JOIN ours n ON n.oid = c.relnamespace
           WHERE NOT EXISTS (SELECT FROM of_extension f WHERE f.classid = 'pg_class'::regclass AND f.objid = c.oid)
      ), attribute AS (
          SELECT a.*, r.ref, r.relkind, format_type(a.atttypid, a.atttypmod) AS type, t.typcategory, t.typname, t.typstorage,
                 CASE WHEN a.attcollation <> t.typcollation THEN a.attcollation::regcollation::text END AS collated,
                 pg_get_expr(d.adbin, d.adrelid) AS value
            FROM pg_attribute a
            JOIN relation r ON r.oid = a.attrelid AND r.relkind IN ('r', 'p', 'c')
            JOIN pg_type t ON t.oid = a.atttypid
            LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
           WHERE a.attnum > 0 AND NOT a.attisdropped
      ), type AS (
          SELECT t.*, format_type(t.oid, NULL) AS ref, n.nspname
            FROM pg_type t
            JOIN ours n ON n.oid = t.typnamespace
           WHERE NOT EXISTS (SELECT FROM of_extension f WHERE f.classid = 'pg_type'::regclass AND f.objid = t.oid)
      )
      SELECT 'SCHEMA', 'pg_namespace', oid, 0, NULL, NULL::oid, 0, quote_ident(nspname),
             format('CREATE SCHEMA %I', nspname), format('DROP SCHEMA %I', nspname),
             jsonb_build_object('word', 'SCHEMA', 'simple', quote_ident(nspname))
        FROM ours
      UNION ALL
      SELECT 'EXTENSION', 'pg_extension', oid, 0, NULL, NULL, 0, quote_ident(extname),
             format('CREATE EXTENSION %I', extname), format('DROP EXTENSION %I', extname),
             jsonb_build_object('version', extversion)
        FROM pg_extension
       WHERE oid >= 16384
      UNION ALL
      SELECT 'TYPE', 'pg_type', oid, 0, NULL, NULL, 0, ref,
             CASE typtype
                  WHEN 'e' THEN format('CREATE TYPE %s AS ENUM (%s)', ref,
                                       (SELECT string_agg(quote_literal(enumlabel), ', ' ORDER BY enumsortorder)
                                          FROM pg_enum WHERE enumtypid = type.oid))
                  WHEN 'r' THEN format('CREATE TYPE %s AS RANGE (subtype = %s)', ref,
                                       (SELECT rngsubtype::regtype FROM pg_range WHERE rngtypid = type.oid))
                  ELSE format('CREATE TYPE %s AS (%s)', ref,
                              (SELECT string_agg(concat_ws(' ', quote_ident(attname), a.type, 'COLLATE ' || collated),
                                                 ', ' ORDER BY attnum)
                                 FROM attribute a WHERE a.attrelid = typrelid))
             END,
             format('DROP TYPE %s', ref),
             jsonb_build_object('word', 'TYPE', 'simple', quote_ident(typname), 'schema', quote_ident(nspname),
                                'labels', (SELECT jsonb_agg(quote_literal(enumlabel) ORDER BY enumsortorder)
                                             FROM pg_enum WHERE enumtypid = type.oid))
        FROM type
       WHERE typtype IN ('e', 'r') OR typtype = 'c' AND (SELECT relkind = 'c' FROM pg_class WHERE oid = typrelid)
      UNION ALL
      SELECT 'DOMAIN', 'pg_type', oid, 0, NULL, NULL, 0, ref,
             concat_ws(' ', 'CREATE DOMAIN', ref, 'AS', format_type(typbasetype, typtypmod), 'DEFAULT ' || typdefault,
                       CASE WHEN typnotnull THEN 'NOT NULL' END),
             format('DROP DOMAIN %s', ref),
             jsonb_build_object('word', 'DOMAIN', 'simple', quote_ident(typname), 'schema', quote_ident(nspname),
                                'base', format_type(typbasetype, typtypmod), 'default', typdefault, 'notnull', typnotnull)
        FROM type
       WHERE typtype = 'd'
      UNION ALL
      SELECT 'SEQUENCE', 'pg_class', r.oid, 0, CASE WHEN d.objid IS NOT NULL THEN 'pg_class' END, d.refobjid, d.refobjsubid, ref,
             format('CREATE SEQUENCE %s AS %s %s', ref, format_type(seqtypid, NULL), o.options), format('DROP SEQUENCE %s', ref),
             jsonb_build_object('word', 'SEQUENCE', 'simple', quote_ident(relname), 'schema', quote_ident(nspname),
                                'options', format('AS %s %s', format_type(seqtypid, NULL), o.options))
        FROM relation r
        JOIN pg_sequence s ON s.seqrelid = r.oid
       CROSS JOIN LATERAL (SELECT concat_ws(' ', 'INCREMENT', seqincrement, 'MINVALUE', seqmin, 'MAXVALUE', seqmax,
                                            'START', seqstart, 'CACHE', seqcache, CASE WHEN seqcycle THEN 'CYCLE' END)) o (options)
        LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = r.oid AND d.deptype = 'a'
                             AND d.refclassid = 'pg_class'::regclass
       WHERE NOT EXISTS (SELECT FROM pg_depend i WHERE i.classid = 'pg_class'::regclass AND i.objid = r.oid AND i.deptype = 'i')
      UNION ALL
      SELECT 'SEQUENCE_OWNER', 'pg_sequence', r.oid, 0, 'pg_class', r.oid, 0, r.ref,
             format('ALTER SEQUENCE %s OWNED BY %s.%I', r.ref, a.ref, a.attname), format('ALTER SEQUENCE %s OWNED BY NONE', r.ref), '{}'
        FROM relation r
        JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = r.oid AND d.deptype = 'a'
                        AND d.refclassid = 'pg_class'::regclass
        JOIN attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
       WHERE r.relkind = 'S'
      UNION ALL
      SELECT 'TABLE', 'pg_class', oid, 0, NULL, NULL, 0, ref,
             concat_ws(' ', CASE relpersistence WHEN 'u' THEN 'CREATE UNLOGGED TABLE' ELSE 'CREATE TABLE' END, ref,
                       'PARTITION OF ' || parent::regclass, pg_get_expr(relpartbound, oid)),
             format('DROP TABLE %s', ref),
             jsonb_build_object('word', 'TABLE', 'simple', quote_ident(relname), 'schema', quote_ident(nspname),
                                'parent', parent::regclass::text, 'bound', pg_get_expr(relpartbound, oid),
                                'partitionBy', pg_get_partkeydef(oid), 'persistence', relpersistence, 'options', reloptions,
                                'rowSecurity', relrowsecurity, 'forceRowSecurity', relforcerowsecurity,
                                'replicaIdentity', CASE relreplident
                                                        WHEN 'i' THEN (SELECT 'USING INDEX ' || indexrelid::regclass
                                                                         FROM pg_index WHERE indrelid = relation.oid AND indisreplident)
                                                        WHEN 'f' THEN 'FULL' WHEN 'n' THEN 'NOTHING' ELSE 'DEFAULT' END)
        FROM relation
       WHERE relkind IN ('r', 'p')
      UNION ALL
      SELECT 'COLUMN', 'pg_class', attrelid, attnum, 'pg_class', attrelid, 0, format('%s.%I', ref, attname),
             concat_ws(' ', quote_ident(attname), type, 'COLLATE ' || collated,
                       CASE WHEN attnotnull AND attidentity = '' THEN 'NOT NULL' END,
                       CASE attidentity WHEN 'a' THEN 'GENERATED ALWAYS AS IDENTITY' WHEN 'd' THEN 'GENERATED BY DEFAULT AS IDENTITY' END,
                       CASE attgenerated WHEN 's' THEN format('GENERATED ALWAYS AS (%s) STORED', value)
                                         WHEN '' THEN 'DEFAULT ' || value END),
             format('ALTER TABLE %s DROP COLUMN %I', ref, attname),
             jsonb_build_object('table', ref, 'simple', quote_ident(attname), 'type', type, 'collation', collated, 'notnull', attnotnull,
                                'identity', CASE attidentity WHEN 'a' THEN 'ALWAYS' WHEN 'd' THEN 'BY DEFAULT' END,
                                'generated', CASE WHEN attgenerated <> '' THEN value END,
                                'default', CASE WHEN attgenerated = '' THEN value END,
                                'storage', CASE attstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END,
                                'usualStorage', attstorage = typstorage,
                                'compression', CASE attcompression WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' ELSE 'default' END,
                                'statistics', coalesce(attstattarget, -1),
                                'filler', CASE WHEN typcategory = 'S' THEN '''''' WHEN typcategory = 'N' THEN '0' WHEN typcategory = 'B' THEN 'false'
                                               WHEN typcategory = 'D' AND typname !~ '^time(tz)?$' THEN '''epoch''' WHEN typcategory = 'A' THEN '''{}'''
                                               WHEN typcategory = 'T' THEN '''0''' WHEN typname IN ('json', 'jsonb') THEN '''{}'''
                                               WHEN typname IN ('bytea', 'tsvector') THEN ''''''
                                               WHEN typname = 'uuid' THEN '''00000000-0000-0000-0000-000000000000''' END)
        FROM attribute
       WHERE relkind <> 'c' AND attinhcount = 0
      UNION ALL
      SELECT 'FUNCTION', 'pg_proc', p.oid, 0, NULL, NULL, 0, f.ref,
             CASE WHEN pg_function_is_visible(p.oid)
                  THEN replace(pg_get_functiondef(p.oid), format(' %I.%I(', n.nspname, p.proname), format(' %I(', p.proname))
                  ELSE pg_get_functiondef(p.oid) END,
             format('DROP %s %s', f.word, f.ref),
             jsonb_build_object('word', f.word, 'simple', quote_ident(p.proname), 'returns', pg_get_function_result(p.oid),
                                'arguments', pg_get_function_arguments(p.oid))
        FROM pg_proc p
        JOIN ours n ON n.oid = p.pronamespace
       CROSS JOIN LATERAL (SELECT CASE p.prokind WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END, p.oid::regprocedure::text) f (word, ref)
       WHERE p.prokind IN ('f', 'p', 'w')
         AND NOT EXISTS (SELECT FROM of_extension f WHERE f.classid = 'pg_proc'::regclass AND f.objid = p.oid)
         -- A range type brings its constructors.
         AND NOT EXISTS (SELECT FROM pg_depend i WHERE i.classid = 'pg_proc'::regclass AND i.objid = p.oid AND i.deptype = 'i')
      UNION ALL
      SELECT 'CONSTRAINT', 'pg_constraint', c.oid, 0, CASE c.conrelid WHEN 0 THEN 'pg_type' ELSE 'pg_class' END,
             CASE c.conrelid WHEN 0 THEN c.contypid ELSE c.conrelid END, 0,
             format('%s.%I', o.ref, c.conname),
             format('ALTER %s %s ADD CONSTRAINT %I %s', o.word, o.ref, c.conname, pg_get_constraintdef(c.oid, true)),
             format('ALTER %s %s DROP CONSTRAINT %I', o.word, o.ref, c.conname),
             jsonb_build_object('on', format('ALTER %s %s', o.word, o.ref), 'simple', quote_ident(c.conname), 'type', c.contype,
                                'table', o.ref,
                                'definition', format('CONSTRAINT %I %s', c.conname, pg_get_constraintdef(c.oid, true)),
                                'columns', (SELECT jsonb_agg(attname ORDER BY attname) FROM pg_attribute
                                             WHERE attrelid = c.conrelid AND attnum = ANY (c.conkey)),
                                'references', (SELECT c.confrelid::regclass || ' ' || string_agg(quote_ident(attname), ',' ORDER BY attname)
                                                 FROM pg_attribute
                                                WHERE attrelid = c.confrelid AND attnum = ANY (c.confkey)))
        FROM pg_constraint c
        JOIN ours n ON n.oid = c.connamespace
        LEFT JOIN relation r ON r.oid = c.conrelid
       CROSS JOIN LATERAL (SELECT CASE c.conrelid WHEN 0 THEN 'DOMAIN' ELSE 'TABLE' END,
                                  CASE c.conrelid WHEN 0 THEN format_type(c.contypid, NULL) ELSE r.ref END) o (word, ref)
       WHERE c.contype IN ('c', 'f', 'p', 'u', 'x')
         AND c.coninhcount = 0
         AND c.conparentid = 0
         AND o.ref IS NOT NULL
      UNION ALL
      SELECT 'INDEX', 'pg_class', r.oid, 0, 'pg_class', i.indrelid, 0, r.ref,
             replace(pg_get_indexdef(i.indexrelid, 0, true), ' ON ONLY ', ' ON '), format('DROP INDEX %s', r.ref),
             jsonb_build_object('word', 'INDEX', 'simple', quote_ident(r.relname), 'table', i.indrelid::regclass::text,
                                'partitioned', r.relkind = 'I',
                                'unique', i.indisunique AND i.indpred IS NULL,
                                'columns', (SELECT jsonb_agg(coalesce(a.attname, '') ORDER BY k.position)
                                              FROM unnest(i.indkey) WITH ORDINALITY k (number, position)
                                              LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number))
        FROM relation r
        JOIN pg_index i ON i.indexrelid = r.oid
       WHERE NOT r.relispartition
         AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = r.oid AND c.contype IN ('p', 'u', 'x'))
      UNION ALL
      SELECT CASE r.relkind WHEN 'v' THEN 'VIEW' ELSE 'MATERIALIZED_VIEW' END, 'pg_class', r.oid, 0, NULL, NULL, 0, r.ref,
             concat_ws(' ', CASE r.relkind WHEN 'v' THEN 'CREATE OR REPLACE VIEW' ELSE 'CREATE MATERIALIZED VIEW' END, r.ref,
                       'WITH (' || array_to_string(r.reloptions, ', ') || ')', E'AS\\n' || rtrim(pg_get_viewdef(r.oid, true), ';')),
             format('DROP %s %s', v.word, r.ref),
             jsonb_build_object('word', v.word, 'simple', quote_ident(r.relname), 'schema', quote_ident(r.nspname),
                                'columns', (SELECT jsonb_agg(attname || ' ' || format_type(atttypid, atttypmod) ORDER BY attnum)
                                              FROM pg_attribute WHERE attrelid = r.oid AND attnum > 0 AND NOT attisdropped))
        FROM relation r
       CROSS JOIN LATERAL (SELECT CASE r.relkind WHEN 'v' THEN 'VIEW' ELSE 'MATERIALIZED VIEW' END) v (word)
       WHERE r.relkind IN ('v', 'm')
      UNION ALL
      SELECT 'RULE', 'pg_rewrite', w.oid, 0, 'pg_class', w.ev_class, 0, format('%s.%I', r.ref, w.rulename),
             rtrim(pg_get_ruledef(w.oid, true), ';'), format('DROP RULE %I ON %s', w.rulename, r.ref), '{}'
        FROM pg_rewrite w
        JOIN relation r ON r.oid = w.ev_class
       WHERE w.rulename <> '_RETURN'
      UNION ALL
      SELECT 'TRIGGER', 'pg_trigger', t.oid, 0, 'pg_class', t.tgrelid, 0, format('%s.%I', r.ref, t.tgname),
             concat_ws('; ', pg_get_triggerdef(t.oid, true),
                       CASE t.tgenabled WHEN 'D' THEN format('ALTER TABLE %s DISABLE TRIGGER %I', r.ref, t.tgname)
                                        WHEN 'A' THEN format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', r.ref, t.tgname)
                                        WHEN 'R' THEN format('ALTER TABLE %s ENABLE REPLICA TRIGGER %I', r.ref, t.tgname) END),
             format('DROP TRIGGER %I ON %s', t.tgname, r.ref),
             jsonb_build_object('rename', format('ALTER TRIGGER %I ON %s', t.tgname, r.ref), 'simple', quote_ident(t.tgname))
        FROM pg_trigger t
        JOIN relation r ON r.oid = t.tgrelid
       WHERE NOT t.tgisinternal AND t.tgparentid = 0
      UNION ALL
      SELECT 'POLICY', 'pg_policy', p.oid, 0, 'pg_class', p.polrelid, 0, format('%s.%I', r.ref, p.polname),
             concat_ws(' ', format('CREATE POLICY %I ON %s AS', p.polname, r.ref),
                       CASE WHEN p.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,
                       'FOR', CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
                       'TO', (SELECT string_agg(CASE role WHEN 0 THEN 'PUBLIC' ELSE role::regrole::text END, ', ') FROM unnest(p.polroles) role),
                       'USING (' || pg_get_expr(p.polqual, p.polrelid, true) || ')',
                       'WITH CHECK (' || pg_get_expr(p.polwithcheck, p.polrelid, true) || ')'),
             format('DROP POLICY %I ON %s', p.polname, r.ref), '{}'
        FROM pg_policy p
        JOIN relation r ON r.oid = p.polrelid
      UNION ALL
      SELECT 'STATISTICS', 'pg_statistic_ext', s.oid, 0, 'pg_class', s.stxrelid, 0, format('%I.%I', n.nspname, s.stxname),
             pg_get_statisticsobjdef(s.oid), format('DROP STATISTICS %I.%I', n.nspname, s.stxname), '{}'
        FROM pg_statistic_ext s
        JOIN ours n ON n.oid = s.stxnamespace
      UNION ALL
      SELECT 'COMMENT', 'pg_description', d.objoid, d.objsubid, d.classoid::regclass::text, d.objoid, d.objsubid, c.target,
             format('COMMENT ON %s IS %L', c.target, d.description), format('COMMENT ON %s IS NULL', c.target), '{}'
        FROM pg_description d
       CROSS JOIN LATERAL pg_identify_object(d.classoid, d.objoid, d.objsubid) i
        LEFT JOIN relation r ON d.classoid = 'pg_class'::regclass AND r.oid = d.objoid
        LEFT JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum = d.objsubid AND a.attnum > 0
       CROSS JOIN LATERAL (SELECT CASE WHEN a.attnum IS NOT NULL THEN format('COLUMN %s.%I', r.ref, a.attname)
                                       WHEN r.oid IS NOT NULL THEN upper(i.type) || ' ' || r.ref
                                       WHEN i.type = 'domain constraint' THEN 'CONSTRAINT ' || replace(i.identity, ' on ', ' ON DOMAIN ')
                                       ELSE upper(replace(i.type, 'table constraint', 'constraint')) || ' ' || i.identity END) c (target)
       WHERE d.objoid >= 16384
         AND d.classoid <> 'pg_extension'::regclass
         AND NOT EXISTS (SELECT FROM of_extension f WHERE f.classid = d.classoid AND f.objid = d.objoid)
      """;

  /// What PostgreSQL records dependencies under, and what they are a part of here.
  private static final String ALIASES =
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
      """;

  private static final String DEPENDENCIES =
      """
      SELECT classid::regclass, objid, objsubid, refclassid::regclass, refobjid, refobjsubid, deptype IN ('a', 'i')
        FROM pg_depend
       WHERE objid >= 16384 AND refobjid >= 16384 AND deptype IN ('n', 'a', 'i')
      """;

  private static final ObjectMapper JSON = new ObjectMapper();

  /// Reads the catalog that `connection` sees.
  public static CatalogObjects of(Connection connection) throws SQLException {
    List<Item> items = new ArrayList<>();
    Map<ObjectId, ObjectId> aliases = new HashMap<>();
    try (Statement select = connection.createStatement()) {
      select.setEscapeProcessing(false);
      try (ResultSet row = select.executeQuery(OBJECTS)) {
        while (row.next()) {
          items.add(
              new Item(
                  Kind.valueOf(row.getString(1)),
                  new ObjectId(row.getString(2), row.getLong(3), row.getInt(4)),
                  row.getString(5) == null
                      ? null
                      : new ObjectId(row.getString(5), row.getLong(6), row.getInt(7)),
                  row.getString(8),
                  row.getString(9).strip(),
                  row.getString(10),
                  JSON.readTree(row.getString(11))));
        }
      } catch (JsonProcessingException e) {
        throw new IllegalStateException("PostgreSQL wrote it", e);
      }
      try (ResultSet row = select.executeQuery(ALIASES)) {
        while (row.next()) {
          aliases.put(
              new ObjectId(row.getString(1), row.getLong(2), 0),
              new ObjectId(row.getString(3), row.getLong(4), row.getInt(5)));
        }
      }
      items.sort(
          Comparator.comparing(Item::kind)
              .thenComparingLong(item -> item.kind() == Kind.COLUMN ? item.key().oid() : 0L)
              .thenComparingInt(item -> item.kind() == Kind.COLUMN ? item.key().sub() : 0)
              .thenComparing(Item::name));
      Map<ObjectId, Item> objects = new LinkedHashMap<>();
      items.forEach(item -> objects.put(item.key(), item));
      List<Dependency> dependencies = new ArrayList<>();
      try (ResultSet row = select.executeQuery(DEPENDENCIES)) {
        while (row.next()) {
          ObjectId from =
              resolve(
                  new ObjectId(row.getString(1), row.getLong(2), row.getInt(3)), aliases, objects);
          ObjectId to =
              resolve(
                  new ObjectId(row.getString(4), row.getLong(5), row.getInt(6)), aliases, objects);
          if (from != null && to != null && !from.equals(to)) {
            dependencies.add(new Dependency(from, to, row.getBoolean(7)));
          }
        }
      }
      return new CatalogObjects(objects, dependencies);
    }
  }

  private static @Nullable ObjectId resolve(
      ObjectId key, Map<ObjectId, ObjectId> aliases, Map<ObjectId, Item> objects) {
    ObjectId at = key;
    for (int hops = 0; hops < 4; hops++) {
      if (objects.containsKey(at)) {
        return at;
      }
      ObjectId next = aliases.get(new ObjectId(at.catalog(), at.oid(), 0));
      at = next != null ? next : new ObjectId(at.catalog(), at.oid(), 0);
    }
    return null;
  }

  public @Nullable Item ownerOf(Item item) {
    return item.owner() == null ? null : objects.get(item.owner());
  }
}
