package dev.sheaf.schema;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Compares a live schema with what changelogs make of an empty database, by making it: the same
/// changesets and the templates for the same data run in a scratch database, and the two catalogs
/// are laid side by side.
final class Verification {

  private final DatabaseAddress address;
  private final SchemaConfig config;
  private final Changelogs changelogs;

  Verification(DatabaseAddress address, SchemaConfig config, Changelogs changelogs) {
    this.address = address;
    this.config = config;
    this.changelogs = changelogs;
  }

  /// Every difference, in the order of the objects' names.
  ///
  /// @param live a connection to the database that is looked at
  /// @param applied what is taken to be applied there, in order
  List<Difference> compare(Connection live, List<Changeset> applied) throws SQLException {
    Templates templates = new Templates(changelogs);
    try (ScratchDatabase reference =
        ScratchDatabase.create(config.scratchUrl().map(DatabaseAddress::parse).orElse(address))) {
      workIn(currentSchema(live), reference);
      return compare(live, applied, templates, reference);
    }
  }

  private List<Difference> compare(
      Connection live, List<Changeset> applied, Templates templates, ScratchDatabase reference)
      throws SQLException {
    try (Connection connection = reference.address().open("sheaf " + Client.NAME)) {
      ScratchSchema.apply(applied, connection, reference.address(), config);
      Trash.mirror(live, connection);
      for (String template : templates.names()) {
        for (Map<String, Object> instance : instances(live, templates, template)) {
          templates.apply(connection, template, instance);
        }
      }
      return Difference.between(
          CatalogSnapshot.of(connection).ofChangelogs(), CatalogSnapshot.of(live).ofChangelogs());
    }
  }

  private static String currentSchema(Connection live) throws SQLException {
    try (Statement select = live.createStatement();
        ResultSet row = select.executeQuery("SELECT quote_ident(current_schema())")) {
      return row.next() && row.getString(1) != null ? row.getString(1) : "public";
    }
  }

  /// The scratch database works in the schema in which the live one does.
  private static void workIn(String schema, ScratchDatabase reference) throws SQLException {
    try (Connection connection = reference.address().open("sheaf " + Client.NAME);
        Statement statement = connection.createStatement()) {
      statement.execute("CREATE SCHEMA IF NOT EXISTS " + schema);
      statement.execute(
          "ALTER DATABASE %s SET search_path = %s, public"
              .formatted(reference.address().database(), schema));
    }
  }

  /// The parameters of every object of `template` that the data says there is.
  private static List<Map<String, Object>> instances(
      Connection live, Templates templates, String template) throws SQLException {
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
      // The tables that the template lives on are not there yet.
      if (!SqlProblem.state(e).equals(SqlProblem.UNDEFINED_TABLE)) {
        throw e;
      }
    }
    return instances;
  }
}
