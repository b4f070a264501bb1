package dev.sheaf.migration.catalog;

import dev.sheaf.migration.Difference;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;

/// Everything in one database's catalog that a changelog can make, as ordered text: equal
/// snapshots, equal schemas.
///
/// Left out is what the server counts or places for itself (oids, file nodes, statistics, positions
/// of dropped columns), and what belongs to an extension rather than to the schema.
///
/// @param objects the object's kind and name, such as `column document.title`, and its definition
public record CatalogSnapshot(SortedMap<String, String> objects) {

  private static final String SYSTEM = "('pg_catalog', 'information_schema', 'pg_toast')";

  /// Each yields kind, name, definition. An object that an extension brought has a `pg_depend` row
  /// of type `e`.
  private static final String QUERY =
      """
      WITH ours AS (
          SELECT oid, nspname FROM pg_namespace WHERE nspname NOT IN %1$s AND nspname !~ '^pg_(toast_)?temp_'
      ), foreign_object AS (
          SELECT classid, objid FROM pg_depend WHERE deptype = 'e'
      ), relation AS (
          SELECT c.*, format('%%I.%%I', n.nspname, c.relname) AS qualified
            FROM pg_class c
            JOIN ours n ON n.oid = c.relnamespace
           WHERE NOT EXISTS (SELECT FROM foreign_object f WHERE f.classid = 'pg_class'::regclass AND f.objid = c.oid)
      )
      SELECT 'schema', n.nspname,
             ''
        FROM pg_namespace n
        JOIN ours USING (oid)
      UNION ALL
      SELECT 'extension', extname, concat_ws(' ', extversion, 'in ' || extnamespace::regnamespace)
        FROM pg_extension
      UNION ALL
      SELECT CASE relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'table' WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view'
                          WHEN 'f' THEN 'foreign table' WHEN 'c' THEN 'composite type' ELSE relkind::text END,
             qualified,
             concat_ws(' ',
                       'persistence=' || relpersistence::text,
                       'partition by ' || pg_get_partkeydef(oid),
                       (SELECT string_agg(format('of %%s', inhparent::regclass), ' ' ORDER BY inhseqno)
                          FROM pg_inherits WHERE inhrelid = relation.oid),
                       pg_get_expr(relpartbound, oid),
                       CASE WHEN relrowsecurity THEN 'row security' END,
                       CASE WHEN relforcerowsecurity THEN 'forced' END,
                       CASE WHEN relreplident <> 'd' THEN 'replica identity ' || relreplident::text END,
                       'with ' || array_to_string(reloptions, ','),
                       'tablespace ' || (SELECT spcname FROM pg_tablespace s WHERE s.oid = reltablespace),
                       CASE WHEN relkind IN ('v', 'm') THEN 'as ' || pg_get_viewdef(oid) END)
        FROM relation
       WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'c')
      UNION ALL
      SELECT 'column', r.qualified || '.' || quote_ident(a.attname),
             concat_ws(' ',
                       '#' || row_number() OVER (PARTITION BY r.oid ORDER BY a.attnum),
                       format_type(a.atttypid, a.atttypmod),
                       CASE WHEN a.attcollation <> t.typcollation THEN 'collate ' || a.attcollation::regcollation END,
                       CASE WHEN a.attnotnull THEN 'not null' END,
                       CASE WHEN a.attidentity <> '' THEN 'identity ' || a.attidentity::text END,
                       CASE a.attgenerated WHEN '' THEN 'default ' ELSE 'generated ' || a.attgenerated::text || ' ' END
                           || pg_get_expr(d.adbin, d.adrelid),
                       'storage=' || a.attstorage::text,
                       CASE WHEN a.attcompression <> '' THEN 'compression=' || a.attcompression::text END,
                       CASE WHEN a.attstattarget >= 0 THEN 'statistics=' || a.attstattarget END,
                       CASE WHEN NOT a.attislocal THEN 'inherited' END,
                       -- Recent minor versions keep a counter of their own among the options.
                       'with ' || (SELECT string_agg(option, ',' ORDER BY option)
                                     FROM unnest(a.attoptions) option
                                    WHERE option NOT LIKE 'pg_attver=%%'))
        FROM pg_attribute a
        JOIN relation r ON r.oid = a.attrelid AND r.relkind IN ('r', 'p', 'v', 'm', 'f', 'c')
        JOIN pg_type t ON t.oid = a.atttypid
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
       WHERE a.attnum > 0 AND NOT a.attisdropped
      UNION ALL
      SELECT 'constraint',
             coalesce(r.qualified, format_type(c.contypid, NULL)) || '.' || quote_ident(c.conname),
             concat_ws(' ', pg_get_constraintdef(c.oid), CASE WHEN NOT c.convalidated THEN '(not validated)' END,
                       CASE WHEN NOT c.conislocal THEN 'inherited' END)
        FROM pg_constraint c
        JOIN ours n ON n.oid = c.connamespace
        LEFT JOIN relation r ON r.oid = c.conrelid
       WHERE c.conrelid = 0 OR r.oid IS NOT NULL
      UNION ALL
      SELECT 'index', r.qualified,
             concat_ws(' ', pg_get_indexdef(i.indexrelid),
                       CASE WHEN i.indisvalid THEN 'valid' ELSE 'INVALID' END,
                       CASE WHEN i.indisclustered THEN 'clustered' END,
                       CASE WHEN i.indisreplident THEN 'replica identity' END,
                       (SELECT 'of ' || h.inhparent::regclass FROM pg_inherits h WHERE h.inhrelid = r.oid))
        FROM pg_index i
        JOIN relation r ON r.oid = i.indexrelid
      UNION ALL
      SELECT 'sequence', r.qualified,
             concat_ws(' ', format_type(s.seqtypid, NULL), 'start', s.seqstart, 'by', s.seqincrement, 'from', s.seqmin,
                       'to', s.seqmax, 'cache', s.seqcache, CASE WHEN s.seqcycle THEN 'cycle' END)
        FROM pg_sequence s
        JOIN relation r ON r.oid = s.seqrelid
      UNION ALL
      SELECT 'function', format('%%I.%%I(%%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)),
             CASE WHEN p.prokind IN ('f', 'p') THEN pg_get_functiondef(p.oid) ELSE 'kind ' || p.prokind::text END
        FROM pg_proc p
        JOIN ours n ON n.oid = p.pronamespace
       WHERE NOT EXISTS (SELECT FROM foreign_object f WHERE f.classid = 'pg_proc'::regclass AND f.objid = p.oid)
      UNION ALL
      SELECT 'trigger', r.qualified || '.' || quote_ident(t.tgname),
             concat_ws(' ', pg_get_triggerdef(t.oid), CASE WHEN t.tgenabled <> 'O' THEN 'enabled=' || t.tgenabled::text END)
        FROM pg_trigger t
        JOIN relation r ON r.oid = t.tgrelid
       WHERE NOT t.tgisinternal
      UNION ALL
      SELECT 'event trigger', evtname, concat_ws(' ', evtevent, evtfoid::regproc, evtenabled, array_to_string(evttags, ','))
        FROM pg_event_trigger
      UNION ALL
      SELECT 'rule', r.qualified || '.' || quote_ident(w.rulename), pg_get_ruledef(w.oid)
        FROM pg_rewrite w
        JOIN relation r ON r.oid = w.ev_class
       WHERE w.rulename <> '_RETURN'
      UNION ALL
      SELECT 'policy', r.qualified || '.' || quote_ident(p.polname),
             concat_ws(' ', p.polcmd, p.polpermissive, p.polroles::regrole[]::text, pg_get_expr(p.polqual, p.polrelid),
                       pg_get_expr(p.polwithcheck, p.polrelid))
        FROM pg_policy p
        JOIN relation r ON r.oid = p.polrelid
      UNION ALL
      SELECT 'statistics', format('%%I.%%I', n.nspname, s.stxname), pg_get_statisticsobjdef(s.oid)
        FROM pg_statistic_ext s
        JOIN ours n ON n.oid = s.stxnamespace
      UNION ALL
      SELECT 'type', format('%%I.%%I', n.nspname, t.typname),
             concat_ws(' ', t.typtype,
                       (SELECT string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder)
                          FROM pg_enum e WHERE e.enumtypid = t.oid),
                       CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod) END,
                       CASE WHEN t.typnotnull THEN 'not null' END,
                       'default ' || t.typdefault)
        FROM pg_type t
        JOIN ours n ON n.oid = t.typnamespace
       WHERE t.typtype IN ('e', 'd', 'r')
         AND NOT EXISTS (SELECT FROM foreign_object f WHERE f.classid = 'pg_type'::regclass AND f.objid = t.oid)
      UNION ALL
      SELECT 'operator', format('%%I.%%I (%%s)', n.nspname, o.oprname, concat_ws(', ', nullif(o.oprleft, 0)::regtype, o.oprright::regtype)),
             o.oprcode::text
        FROM pg_operator o
        JOIN ours n ON n.oid = o.oprnamespace
       WHERE NOT EXISTS (SELECT FROM foreign_object f WHERE f.classid = 'pg_operator'::regclass AND f.objid = o.oid)
      UNION ALL
      SELECT 'operator class', format('%%I.%%I', n.nspname, o.opcname), o.opcintype::regtype::text
        FROM pg_opclass o
        JOIN ours n ON n.oid = o.opcnamespace
       WHERE NOT EXISTS (SELECT FROM foreign_object f WHERE f.classid = 'pg_opclass'::regclass AND f.objid = o.oid)
      UNION ALL
      SELECT 'collation', format('%%I.%%I', n.nspname, o.collname), concat_ws(' ', o.collprovider, o.collcollate, o.collctype)
        FROM pg_collation o
        JOIN ours n ON n.oid = o.collnamespace
      UNION ALL
      SELECT 'text search configuration', format('%%I.%%I', n.nspname, o.cfgname), o.cfgparser::text
        FROM pg_ts_config o
        JOIN ours n ON n.oid = o.cfgnamespace
      UNION ALL
      SELECT 'cast', format('%%s -> %%s', castsource::regtype, casttarget::regtype), concat_ws(' ', castfunc::regproc, castcontext)
        FROM pg_cast c
       WHERE c.oid >= 16384
         AND NOT EXISTS (SELECT FROM foreign_object f WHERE f.classid = 'pg_cast'::regclass AND f.objid = c.oid)
      UNION ALL
      SELECT 'publication', pubname,
             concat_ws(' ', puballtables, pubinsert, pubupdate, pubdelete, pubtruncate,
                       (SELECT string_agg(r.prrelid::regclass::text, ',' ORDER BY r.prrelid::regclass::text)
                          FROM pg_publication_rel r WHERE r.prpubid = p.oid))
        FROM pg_publication p
      UNION ALL
      SELECT 'privileges', 'schema ' || quote_ident(n.nspname),
             concat_ws(' ', pg_get_userbyid(n.nspowner), n.nspacl::text)
        FROM pg_namespace n
        JOIN ours USING (oid)
      UNION ALL
      SELECT 'privileges', qualified, concat_ws(' ', pg_get_userbyid(relowner), relacl::text)
        FROM relation
      UNION ALL
      SELECT 'privileges', r.qualified || '.' || quote_ident(a.attname), a.attacl::text
        FROM pg_attribute a
        JOIN relation r ON r.oid = a.attrelid
       WHERE a.attacl IS NOT NULL
      UNION ALL
      SELECT 'privileges', format('%%I.%%I(%%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)),
             concat_ws(' ', pg_get_userbyid(p.proowner), p.proacl::text)
        FROM pg_proc p
        JOIN ours n ON n.oid = p.pronamespace
       WHERE NOT EXISTS (SELECT FROM foreign_object f WHERE f.classid = 'pg_proc'::regclass AND f.objid = p.oid)
      UNION ALL
      SELECT 'privileges', format('type %%I.%%I', n.nspname, t.typname),
             concat_ws(' ', pg_get_userbyid(t.typowner), t.typacl::text)
        FROM pg_type t
        JOIN ours n ON n.oid = t.typnamespace
       WHERE t.typtype IN ('e', 'd', 'r')
         AND NOT EXISTS (SELECT FROM foreign_object f WHERE f.classid = 'pg_type'::regclass AND f.objid = t.oid)
      UNION ALL
      SELECT 'default privileges', concat_ws(' ', pg_get_userbyid(defaclrole), nullif(defaclnamespace, 0)::regnamespace, defaclobjtype),
             defaclacl::text
        FROM pg_default_acl
      UNION ALL
      SELECT 'comment',
             concat_ws(' ', i.type, i.identity),
             d.description
        FROM pg_description d
       CROSS JOIN LATERAL pg_identify_object(d.classoid, d.objoid, d.objsubid) i
       WHERE d.objoid >= 16384
         AND NOT EXISTS (SELECT FROM foreign_object f WHERE f.classid = d.classoid AND f.objid = d.objoid)
         AND d.classoid <> 'pg_extension'::regclass
      """
          .formatted(SYSTEM);

  public CatalogSnapshot {
    objects = Collections.unmodifiableSortedMap(new TreeMap<>(objects));
  }

  /// Reads the catalog that `connection` sees, its own uncommitted changes included.
  public static CatalogSnapshot of(Connection connection) throws SQLException {
    SortedMap<String, String> objects = new TreeMap<>();
    try (Statement select = connection.createStatement()) {
      select.setEscapeProcessing(false);
      try (ResultSet row = select.executeQuery(QUERY)) {
        while (row.next()) {
          objects.merge(
              row.getString(1) + " " + row.getString(2),
              String.valueOf(row.getString(3)),
              (one, other) -> one.compareTo(other) < 0 ? one + "\n" + other : other + "\n" + one);
        }
      }
    }
    return new CatalogSnapshot(objects);
  }

  /// What a changelog says about a schema: this snapshot without who may do what, which every
  /// installation decides for itself, and without the tables and functions that the engine keeps
  /// for itself, and what is in the trash.
  public CatalogSnapshot ofChangelogs() {
    SortedMap<String, String> rest = new TreeMap<>(objects);
    rest.keySet().removeIf(key -> !isOfChangelogs(key));
    return new CatalogSnapshot(rest);
  }

  /// Whether changelogs are what says how this object is.
  ///
  /// @param object its kind and name
  public static boolean isOfChangelogs(String object) {
    return !object.startsWith("privileges ")
        && !object.startsWith("default privileges ")
        && !OF_THE_ENGINE.matcher(object).find();
  }

  /// The same without what the engine keeps for itself.
  public CatalogSnapshot withoutEngine() {
    SortedMap<String, String> rest = new TreeMap<>(objects);
    rest.keySet().removeIf(object -> OF_THE_ENGINE.matcher(object).find());
    return new CatalogSnapshot(rest);
  }

  /// The same where it does not matter in which order a table has its columns.
  public CatalogSnapshot withoutColumnOrder() {
    SortedMap<String, String> rest = new TreeMap<>(objects);
    rest.replaceAll((object, definition) ->
        object.startsWith("column ") ? definition.replaceFirst("^#\\d+ ", "") : definition);
    return new CatalogSnapshot(rest);
  }

  private static final Pattern OF_THE_ENGINE =
      Pattern.compile(
          """
          \\b(databasechangelog|databasechangeloglock|backfill
               |schema_(gate|journal|event|backup|rollback|trash))(_(pkey|id_seq))?(\\.|$)
          |\\bsheaf_(try|lift|run|append_only|(trash|restore|bury|exhume)_(table|column))\\(
          |\\bsheaf_trash(\\.|$)
          """,
          Pattern.COMMENTS);

  /// One line per object: its kind and name, then its definition.
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    objects.forEach(
        (object, definition) -> text.append(object).append(": ").append(definition).append('\n'));
    return text.toString();
  }

  /// How `actual` differs from this snapshot, in the order of the objects' names, without
  /// extensions that only `actual` has: those belong to the database.
  public List<Difference> drift(CatalogSnapshot actual) {
    return differences(actual).stream()
        .filter(d -> d.kind() != Difference.Kind.EXTRA || !d.object().startsWith("extension "))
        .toList();
  }

  /// Every difference between this snapshot and `actual`, in the order of the objects' names.
  public List<Difference> differences(CatalogSnapshot actual) {
    SortedSet<String> names = new TreeSet<>(objects.keySet());
    names.addAll(actual.objects.keySet());
    List<Difference> differences = new ArrayList<>();
    for (String name : names) {
      String expected = objects.get(name);
      String found = actual.objects.get(name);
      if (found == null) {
        differences.add(new Difference(Difference.Kind.MISSING, name, expected, null));
      } else if (expected == null) {
        differences.add(new Difference(Difference.Kind.EXTRA, name, null, found));
      } else if (!expected.equals(found)) {
        differences.add(new Difference(Difference.Kind.CHANGED, name, expected, found));
      }
    }
    return List.copyOf(differences);
  }
}
