package dev.sheaf.migration.proof;

import dev.sheaf.database.DatabaseAddress;
import dev.sheaf.migration.Difference;
import dev.sheaf.migration.MigrationConfig;
import dev.sheaf.migration.catalog.Catalog;
import dev.sheaf.migration.catalog.CatalogObjects;
import dev.sheaf.migration.catalog.CatalogObjects.Item;
import dev.sheaf.migration.catalog.CatalogObjects.Kind;
import dev.sheaf.migration.catalog.CatalogScript;
import dev.sheaf.migration.catalog.CatalogSnapshot;
import dev.sheaf.migration.changelog.Changeset;
import dev.sheaf.migration.history.ToolHistory;
import dev.sheaf.migration.proof.EntityComparison.Part;
import dev.sheaf.migration.scratch.ScratchSchema;
import dev.sheaf.runtime.Abbreviation;
import dev.sheaf.runtime.OperatorException;
import dev.sheaf.runtime.ProcessIdentity;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// The changes that make the schema of the changelogs that of a database or of a file of SQL.
public final class SchemaComparison {

  /// More objects are not listed in a message.
  private static final int LISTED = 20;

  /// What a person has to decide about, because rows can be lost.
  private static final Pattern LOSS =
      Pattern.compile(
          "DROP (?:TABLE|SEQUENCE|SCHEMA|TYPE|DOMAIN|EXTENSION|MATERIALIZED VIEW) .*|ALTER TABLE .* DROP COLUMN .*",
          Pattern.DOTALL);

  private static final Pattern INDEX =
      Pattern.compile("CREATE (?:UNIQUE )?INDEX .+? ON (.+?) USING .*", Pattern.DOTALL);

  private static final Pattern CONSTRAINT =
      Pattern.compile(
          "ALTER TABLE (.+?) ADD CONSTRAINT (\"(?:[^\"]|\"\")+\"|\\S+) (FOREIGN KEY|CHECK) .*",
          Pattern.DOTALL);

  private final DatabaseAddress server;
  private final MigrationConfig config;
  private final List<Changeset> changesets;

  /// @param server the server on which scratch databases are created
  /// @param changesets everything that makes the schema of the changelogs
  public SchemaComparison(
      DatabaseAddress server, MigrationConfig config, List<Changeset> changesets) {
    this.server = server;
    this.config = config;
    this.changesets = changesets;
  }

  /// The changesets that make the schema that of a database, of which nothing but the catalog is
  /// read, without the tables of other tools; empty if it is the same.
  ///
  /// @throws OperatorException if there is a difference that cannot be written, or that would lose
  ///   rows; it names them
  public List<Part> withDatabase(DatabaseAddress database) throws SQLException {
    try (Connection connection = database.open("sheaf " + ProcessIdentity.NAME)) {
      return with(connection, ToolHistory.objects(connection));
    }
  }

  /// The changesets that make the schema that which a file makes in an empty database; empty if it
  /// is the same.
  ///
  /// @throws OperatorException as above, or if the file cannot be run
  public List<Part> withFile(Path file) throws SQLException {
    try (ScratchSchema made = SchemaFile.make(server, config, file)) {
      return with(made.connection(), Set.of());
    }
  }

  private List<Part> with(Connection wanted, Set<String> ofTools) throws SQLException {
    CatalogObjects target = CatalogObjects.of(wanted).without(ofTools);
    try (ScratchSchema scratch = ScratchSchema.inPublic(server, config, changesets)) {
      Connection connection = scratch.connection();
      CatalogObjects before = CatalogObjects.of(connection).withoutEngine();
      List<CatalogScript.Line> lines = CatalogScript.towards(connection, target);
      List<String> refused = new ArrayList<>();
      for (CatalogScript.Line line : lines) {
        if (line.failure() != null) {
          refused.add(
              line.sql().isEmpty() ? line.failure() : line.sql() + " fails: " + line.failure());
        } else if (LOSS.matcher(line.sql()).matches()) {
          refused.add(line.sql() + " can lose rows");
        }
      }
      CatalogSnapshot.of(connection)
          .ofChangelogs()
          .withoutColumnOrder()
          .differences(CatalogSnapshot.of(wanted).ofChangelogs().withoutColumnOrder())
          .stream()
          .filter(
              difference -> ofTools.stream().noneMatch(t -> Verification.isExtraOf(t, difference)))
          .filter(difference -> !isVersion(difference))
          .forEach(difference -> refused.add("Sheaf cannot write " + difference.object()));
      if (!refused.isEmpty()) {
        throw new OperatorException(
            "not written: " + Abbreviation.of(refused, LISTED, "; "),
            "write a changeset for these by hand, then run it again");
      }
      return parts(before, lines.stream().map(CatalogScript.Line::sql).toList());
    }
  }

  /// Extensions are installed in the server's version.
  private static boolean isVersion(Difference difference) {
    return difference.kind() == Difference.Kind.CHANGED
        && difference.object().startsWith("extension ");
  }

  /// The statements, without blocking the clients of tables that exist, where SQL allows that.
  private static List<Part> parts(CatalogObjects before, List<String> all) {
    List<String> statements = new ArrayList<>();
    List<String> indexes = new ArrayList<>();
    List<String> validations = new ArrayList<>();
    for (String sql : all) {
      Matcher index = INDEX.matcher(sql);
      Matcher constraint = CONSTRAINT.matcher(sql);
      if (index.matches() && isChangedOnline(before, index.group(1))) {
        indexes.add(sql.replaceFirst(" INDEX ", " INDEX CONCURRENTLY "));
      } else if (constraint.matches()
          && !sql.endsWith(" NOT VALID")
          && isChangedOnline(before, constraint.group(1))) {
        statements.add(sql + " NOT VALID");
        validations.add(
            "ALTER TABLE %s VALIDATE CONSTRAINT %s"
                .formatted(constraint.group(1), constraint.group(2)));
      } else {
        statements.add(sql);
      }
    }
    return Stream.of(
            new Part("", true, statements),
            new Part("indexes", false, indexes),
            new Part("constraints", true, validations))
        .filter(part -> !part.statements().isEmpty())
        .toList();
  }

  private static boolean isChangedOnline(CatalogObjects before, String table) {
    Item found = before.find(Kind.TABLE, table);
    return found != null && found.relation().kind() == Catalog.Kind.TABLE;
  }
}
