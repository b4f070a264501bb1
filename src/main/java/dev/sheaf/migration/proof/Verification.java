package dev.sheaf.migration.proof;

import dev.sheaf.database.DatabaseAddress;
import dev.sheaf.database.SqlStates;
import dev.sheaf.migration.Difference;
import dev.sheaf.migration.MigrationConfig;
import dev.sheaf.migration.catalog.CatalogReader;
import dev.sheaf.migration.catalog.CatalogSnapshot;
import dev.sheaf.migration.changelog.Changelogs;
import dev.sheaf.migration.changelog.Changeset;
import dev.sheaf.migration.execute.ObjectTemplates;
import dev.sheaf.migration.history.Trash;
import dev.sheaf.migration.scratch.ScratchDatabase;
import dev.sheaf.migration.scratch.ScratchSchema;
import dev.sheaf.runtime.ProcessIdentity;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Compares a live schema with the changelogs: runs the same changesets, and the object templates
/// for the same data, in a scratch database, and compares the two catalogs.
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
      workIn(CatalogReader.home(live), reference);
      return compare(live, applied, privileges, templates, reference);
    }
  }

  private List<Difference> compare(
      Connection live,
      List<Changeset> applied,
      boolean privileges,
      ObjectTemplates templates,
      ScratchDatabase reference)
      throws SQLException {
    try (Connection connection = reference.address().open("sheaf " + ProcessIdentity.NAME)) {
      ScratchSchema.apply(applied, connection, reference.address(), config);
      Trash.mirror(live, connection);
      LiveSchema found = LiveSchema.read(live, templates);
      for (var instances : found.instances().entrySet()) {
        for (Map<String, Object> instance : instances.getValue()) {
          templates.apply(connection, instances.getKey(), instance);
        }
      }
      return compared(CatalogSnapshot.of(connection), privileges)
          .drift(compared(found.schema(), privileges))
          .stream()
          .filter(difference -> !found.building().contains(difference.object()))
          .toList();
    }
  }

  private static CatalogSnapshot compared(CatalogSnapshot schema, boolean privileges) {
    return privileges ? schema.withoutEngine() : schema.ofChangelogs();
  }

  /// A live schema, and the instances of each object template according to the data. The two must
  /// match, although objects may be created and dropped meanwhile, because the catalog is not part
  /// of a transaction's snapshot.
  ///
  /// @param building the indexes that are being built and not valid yet
  private record LiveSchema(
      CatalogSnapshot schema,
      Map<String, List<Map<String, Object>>> instances,
      Set<String> building) {

    private static final int MAX_READS = 10;

    /// Reads both, and repeats this if objects were created or dropped in between.
    static LiveSchema read(Connection live, ObjectTemplates templates) throws SQLException {
      var before = allInstances(live, templates);
      for (int reads = 1; ; reads++) {
        Set<String> building = building(live);
        CatalogSnapshot schema = CatalogSnapshot.of(live);
        var after = allInstances(live, templates);
        if (after.equals(before) || reads == MAX_READS) {
          return new LiveSchema(schema, after, building);
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

    private static Set<String> building(Connection live) throws SQLException {
      Set<String> building = new HashSet<>();
      try (Statement select = live.createStatement();
          ResultSet row =
              select.executeQuery(
                  """
                  SELECT format('index %I.%I', n.nspname, c.relname)
                    FROM pg_stat_progress_create_index p
                    JOIN pg_class c ON c.oid = p.index_relid
                    JOIN pg_namespace n ON n.oid = c.relnamespace
                   WHERE p.datname = current_database()
                  """)) {
        while (row.next()) {
          building.add(row.getString(1));
        }
      }
      return building;
    }
  }

  /// Gives the scratch database the schema of the live history as its current one.
  private static void workIn(String schema, ScratchDatabase reference) throws SQLException {
    try (Connection connection = reference.address().open("sheaf " + ProcessIdentity.NAME);
        Statement statement = connection.createStatement()) {
      statement.execute("CREATE SCHEMA IF NOT EXISTS " + schema);
      // A setting of the role would prevail over one of the database alone.
      statement.execute(
          "ALTER ROLE CURRENT_USER IN DATABASE %s SET search_path = %s, public"
              .formatted(reference.address().database(), schema));
    }
  }

  /// The parameters of all instances of `template`, according to the data.
  private static List<Map<String, Object>> instancesOf(
      Connection live, ObjectTemplates templates, String template) throws SQLException {
    String sql = templates.instances(template);
    if (sql == null) {
      return List.of();
    }
    List<Map<String, Object>> instances = new ArrayList<>();
    try (Statement select = live.createStatement();
        ResultSet row = select.executeQuery(sql)) {
      while (row.next()) {
        Map<String, Object> parameters = new LinkedHashMap<>();
        for (int i = 1; i <= row.getMetaData().getColumnCount(); i++) {
          parameters.put(row.getMetaData().getColumnLabel(i), row.getObject(i));
        }
        instances.add(parameters);
      }
    } catch (SQLException e) {
      // The tables of the template do not exist yet.
      if (!SqlStates.of(e).equals(SqlStates.UNDEFINED_TABLE)) {
        throw e;
      }
    }
    return instances;
  }
}
