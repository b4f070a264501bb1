package dev.sheaf.migration.proof;

import dev.sheaf.database.DatabaseAddress;
import dev.sheaf.database.Sql;
import dev.sheaf.migration.Difference;
import dev.sheaf.migration.MigrationConfig;
import dev.sheaf.migration.catalog.Catalog;
import dev.sheaf.migration.catalog.Catalog.Detail;
import dev.sheaf.migration.catalog.Catalog.Index;
import dev.sheaf.migration.catalog.CatalogReader;
import dev.sheaf.migration.catalog.CatalogSnapshot;
import dev.sheaf.migration.changelog.Changelogs;
import dev.sheaf.migration.changelog.Changeset;
import dev.sheaf.migration.execute.ObjectTemplates;
import dev.sheaf.migration.history.History;
import dev.sheaf.migration.history.ToolHistory;
import dev.sheaf.migration.history.Trash;
import dev.sheaf.migration.scratch.ScratchDatabase;
import dev.sheaf.migration.scratch.ScratchSchema;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Compares a live schema with the changelogs: runs the same changesets, and the object templates
/// for the same data, in a scratch database, and compares the two catalogs. Of instances of
/// templates that are alike, one is built.
public final class Verification {

  private final DatabaseAddress address;
  private final MigrationConfig config;
  private final Changelogs changelogs;

  public Verification(DatabaseAddress address, MigrationConfig config, Changelogs changelogs) {
    this.address = address;
    this.config = config;
    this.changelogs = changelogs;
  }

  /// Every difference, in the order of the objects' names.
  ///
  /// @param live a connection to the live database
  /// @param applied the changesets that are applied there, in order
  /// @param privileges whether owners and privileges count too
  public List<Difference> compare(Connection live, List<Changeset> applied, boolean privileges)
      throws SQLException {
    ObjectTemplates templates = new ObjectTemplates(changelogs);
    try (ScratchDatabase reference =
        ScratchDatabase.create(ScratchDatabase.server(address, config))) {
      reference.workIn(CatalogReader.home(live));
      return compare(live, applied, privileges, templates, reference);
    }
  }

  /// The differences between what two lists of changesets make, each in a database of its own.
  public List<Difference> compare(List<Changeset> one, List<Changeset> other) throws SQLException {
    DatabaseAddress server = ScratchDatabase.server(address, config);
    try (ScratchSchema first = ScratchSchema.at(server, config, one);
        ScratchSchema second = ScratchSchema.at(server, config, other)) {
      return CatalogSnapshot.of(first.connection())
          .withoutEngine()
          .differences(CatalogSnapshot.of(second.connection()).withoutEngine());
    }
  }

  private List<Difference> compare(
      Connection live,
      List<Changeset> applied,
      boolean privileges,
      ObjectTemplates templates,
      ScratchDatabase reference)
      throws SQLException {
    Connection connection = reference.connection();
    ScratchSchema.apply(applied, connection, reference.address(), config);
    Trash.mirror(live, connection);
    LiveSchema found = LiveSchema.read(live, templates);
    var alike = new AlikeInstances(found.instances());
    for (AlikeInstances.Instance instance : alike.toBuild()) {
      templates.apply(connection, instance.template(), instance.parameters());
    }
    // What only they create there is no difference.
    List<String> others = History.otherSchemas(live);
    Set<String> ofTools = ToolHistory.objects(live);
    return compared(alike.complete(CatalogSnapshot.of(connection)), privileges)
        .drift(compared(found.schema(), privileges))
        .stream()
        .filter(difference -> others.stream().noneMatch(other -> isExtraIn(other, difference)))
        .filter(difference -> !found.inProgress().contains(difference.object()))
        .filter(difference -> ofTools.stream().noneMatch(name -> isExtraOf(name, difference)))
        .filter(difference -> !isIgnored(difference))
        .toList();
  }

  /// @param schema a schema in which another application has its history, as SQL has to write it
  private static boolean isExtraIn(String schema, Difference difference) {
    String object = difference.object();
    String name =
        schema.startsWith("\"")
            ? schema.substring(1, schema.length() - 1).replace("\"\"", "\"")
            : schema;
    return difference.kind() == Difference.Kind.EXTRA
        && (object.equals("schema " + name)
            || object.equals("privileges schema " + schema)
            || object.equals("privileges schema " + name)
            || object.contains(" " + schema + "."));
  }

  /// @param name of a table, an index or a sequence that belongs to the history of another tool
  static boolean isExtraOf(String name, Difference difference) {
    String object = difference.object();
    int start = object.indexOf(" " + name);
    int end = start + 1 + name.length();
    return difference.kind() == Difference.Kind.EXTRA
        && start >= 0
        && (end == object.length() || ". ".indexOf(object.charAt(end)) >= 0);
  }

  private boolean isIgnored(Difference difference) {
    return difference.kind() == Difference.Kind.EXTRA
        && config.verifyIgnore().orElse(List.of()).stream()
            .map(ignored ->
                Stream.of(ignored.strip().split("\\*", -1))
                    .map(Pattern::quote)
                    .collect(Collectors.joining(".*")))
            .anyMatch(regex ->
                Pattern.compile(regex, Pattern.DOTALL).matcher(difference.object()).matches());
  }

  private static CatalogSnapshot compared(CatalogSnapshot schema, boolean privileges) {
    return privileges ? schema.withoutEngine() : schema.ofChangelogs();
  }

  /// A live schema, and the instances of each object template according to the data. The two must
  /// match, although objects may be created and dropped meanwhile, because the catalog is not part
  /// of a transaction's snapshot.
  ///
  /// @param inProgress the objects that a session was building or dropping
  private record LiveSchema(
      CatalogSnapshot schema,
      Map<String, List<Map<String, Object>>> instances,
      Set<String> inProgress) {

    private static final int MAX_READS = 10;

    /// VACUUM and ANALYZE take the same lock.
    private static final String ABANDONED_INDEXES =
        """
        SELECT i.indexrelid::bigint
          FROM pg_index i
         WHERE NOT i.indisvalid
           AND NOT EXISTS (SELECT
                             FROM pg_locks l
                             JOIN pg_database d ON d.oid = l.database
                            WHERE d.datname = current_database()
                              AND l.relation = i.indrelid
                              AND l.mode = 'ShareUpdateExclusiveLock'
                              AND l.granted
                              AND NOT EXISTS (SELECT FROM pg_stat_progress_vacuum v WHERE v.pid = l.pid)
                              AND NOT EXISTS (SELECT FROM pg_stat_progress_analyze a WHERE a.pid = l.pid))
        """;

    /// Reads both, and repeats this if objects were created or dropped in between.
    static LiveSchema read(Connection live, ObjectTemplates templates) throws SQLException {
      var before = allInstances(live, templates);
      for (int reads = 1; ; reads++) {
        Catalog catalog = CatalogReader.read(live, Detail.EXACT);
        var after = allInstances(live, templates);
        if (after.equals(before) || reads == MAX_READS) {
          return new LiveSchema(CatalogSnapshot.of(catalog), after, inProgress(live, catalog));
        }
        before = after;
      }
    }

    private static Map<String, List<Map<String, Object>>> allInstances(
        Connection live, ObjectTemplates templates) throws SQLException {
      Map<String, List<Map<String, Object>>> all = new LinkedHashMap<>();
      for (String template : templates.names()) {
        all.put(template, instancesOf(live, templates, template));
      }
      return all;
    }

    /// The indexes of `catalog` that are not valid because a session builds, rebuilds or drops them
    /// concurrently, and what is compared of them. The session keeps a lock on the table until the
    /// index is valid or gone, so an index that has changed since `catalog` was read was in
    /// progress too.
    private static Set<String> inProgress(Connection live, Catalog catalog) throws SQLException {
      Set<Index> invalid =
          catalog.indexes().values().stream()
              .filter(index -> !index.valid())
              .collect(Collectors.toSet());
      if (invalid.isEmpty()) {
        return Set.of();
      }
      List<Long> abandoned = Sql.of(ABANDONED_INDEXES).list(live, row -> row.getLong(1));
      return invalid.stream()
          .filter(index -> !abandoned.contains(index.oid()))
          .map(index -> catalog.relation(index.oid()).reference())
          .flatMap(name -> Stream.of("index " + name, "privileges " + name))
          .collect(Collectors.toSet());
    }
  }

  /// The parameters of all instances of `template`, according to the data.
  private static List<Map<String, Object>> instancesOf(
      Connection live, ObjectTemplates templates, String template) throws SQLException {
    String sql = templates.instances(template);
    if (sql == null) {
      return List.of();
    }
    // The tables of the template may not exist yet.
    return Sql.of(sql)
        .listIfExists(
            live,
            row -> {
              Map<String, Object> parameters = new LinkedHashMap<>();
              for (int i = 1; i <= row.getMetaData().getColumnCount(); i++) {
                parameters.put(row.getMetaData().getColumnLabel(i), row.getObject(i));
              }
              return parameters;
            });
  }
}
