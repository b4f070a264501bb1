package dev.sheaf.migration.proof;

import dev.sheaf.database.DatabaseAddress;
import dev.sheaf.database.Sql;
import dev.sheaf.migration.Difference;
import dev.sheaf.migration.MigrationConfig;
import dev.sheaf.migration.catalog.Catalog;
import dev.sheaf.migration.catalog.Catalog.Column;
import dev.sheaf.migration.catalog.Catalog.ConstraintKind;
import dev.sheaf.migration.catalog.Catalog.Detail;
import dev.sheaf.migration.catalog.Catalog.Relation;
import dev.sheaf.migration.catalog.CatalogObjects;
import dev.sheaf.migration.catalog.CatalogReader;
import dev.sheaf.migration.catalog.CatalogScript;
import dev.sheaf.migration.catalog.CatalogSnapshot;
import dev.sheaf.migration.changelog.BackfillDeclaration;
import dev.sheaf.migration.changelog.Changelogs;
import dev.sheaf.migration.changelog.Changeset;
import dev.sheaf.migration.changelog.ChangesetVersion;
import dev.sheaf.migration.changelog.DataTest;
import dev.sheaf.migration.changelog.Directives.Replaced;
import dev.sheaf.migration.changelog.Modules;
import dev.sheaf.migration.changelog.SqlStatement;
import dev.sheaf.migration.history.ChangesetSelection;
import dev.sheaf.migration.history.Trash;
import dev.sheaf.migration.scratch.ScratchSchema;
import dev.sheaf.runtime.Abbreviation;
import dev.sheaf.runtime.OperatorException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.postgresql.PGConnection;

/// One changeset in the place of the first ones of a module: it makes the same schema, with the
/// rows that they write.
public final class Squash {

  /// More rows are no reference data.
  public static final int MAX_ROWS = 1_000;

  /// Bytes of their text.
  public static final int MAX_BYTES = 1 << 20;

  /// More objects are not listed in a message.
  private static final int LISTED = 20;

  private static final Pattern PRIVILEGES =
      Pattern.compile("(?:GRANT|REVOKE)\\b.*", Pattern.CASE_INSENSITIVE | Pattern.DOTALL);

  private static final Pattern BODY =
      Pattern.compile("CREATE (?:OR REPLACE )?(?:FUNCTION|PROCEDURE)\\b.*", Pattern.DOTALL);

  private static final Pattern TRIGGER =
      Pattern.compile(
          "(?:CREATE (?:CONSTRAINT )?TRIGGER|COMMENT ON TRIGGER|ALTER TABLE .+ (?:ENABLE|DISABLE) (?:\\w+ )?TRIGGER)\\b.*",
          Pattern.DOTALL);

  private final DatabaseAddress server;
  private final MigrationConfig config;
  private final String module;
  private final List<Changeset> replaced;

  /// What the module needs, and then everything that is applied before it in a new database: a `DO`
  /// block can do more where another module is.
  private final Set<List<Changeset>> before = new LinkedHashSet<>();

  /// @param server the server on which scratch databases are created
  /// @param changelogs with the changesets that are replaced
  /// @param to the number of the last one
  /// @throws OperatorException if these changesets cannot be replaced; it says why
  public Squash(
      DatabaseAddress server,
      MigrationConfig config,
      Changelogs changelogs,
      String module,
      ChangesetVersion to) {
    this.server = server;
    this.config = config;
    this.module = module;
    List<Changeset> all = ChangesetSelection.all(changelogs).chosen();
    List<Changeset> own = all.stream().filter(c -> c.module().equals(module)).toList();
    this.replaced = own.stream().filter(c -> !c.version().isAfter(to)).toList();
    if (replaced.isEmpty() || !replaced.getLast().version().equals(to)) {
      throw new OperatorException(
          "module %s has no version %s".formatted(module, to),
          own.isEmpty()
              ? "the modules are " + String.join(", ", changelogs.files().keySet())
              : "give the number of one of its files, %s to %s"
                  .formatted(own.getFirst().version().digits(), own.getLast().version().digits()));
    }
    if (replaced.size() == 1) {
      throw new OperatorException(
          replaced.getFirst().label() + " is the only changeset up to " + to,
          "give a higher number");
    }
    for (Changeset changeset : replaced) {
      changeset.requireRunnable();
      requireNoneOfServer(changeset);
    }
    Set<String> labels = replaced.stream().map(Changeset::label).collect(Collectors.toSet());
    for (Changeset changeset : all) {
      for (String backfill : changeset.directives().requiresBackfill()) {
        if (labels.contains(backfill) && !replaced.contains(changeset)) {
          throw new OperatorException(
              "%s requires the backfill %s, which would be replaced"
                  .formatted(changeset.label(), backfill),
              "squash the changesets before " + backfill + ", or also " + changeset.label());
        }
      }
    }
    List<Changeset> earlier = all.subList(0, all.indexOf(own.getFirst()));
    Set<String> required = new HashSet<>();
    require(changelogs, module, required);
    before.add(earlier.stream().filter(c -> required.contains(c.module())).toList());
    before.add(earlier);
  }

  private static void require(Changelogs changelogs, String module, Set<String> required) {
    Stream.concat(Stream.of(Modules.CORE), Modules.requires(changelogs, module).stream())
        .filter(other -> !other.equals(module) && required.add(other))
        .forEach(other -> require(changelogs, other, required));
  }

  private static void requireNoneOfServer(Changeset changeset) {
    for (SqlStatement statement : changeset.up()) {
      if (statement.isClusterWide()) {
        throw new OperatorException(
            "%s changes the server, and not only the database: %s"
                .formatted(changeset.label(), statement.firstLine()),
            "squash the changesets before it");
      }
    }
  }

  /// The replaced changesets, in order.
  public List<Changeset> replaced() {
    return replaced;
  }

  /// The names of the files in the directory of the module that go: those of the changesets, with
  /// their rollbacks, backfills and tests.
  public List<String> files() {
    List<String> files = new ArrayList<>();
    for (Changeset changeset : replaced) {
      String name = changeset.label().substring(module.length() + 1);
      files.add(changeset.file().fileName());
      files.add(changeset.file().rollbackName());
      files.add(name + BackfillDeclaration.SUFFIX);
      files.add(name + DataTest.SUFFIX);
    }
    return files.stream().distinct().toList();
  }

  /// The directives and statements of the changeset.
  ///
  /// @throws OperatorException if there is something that cannot be written; it names that
  public String text() throws SQLException {
    StringBuilder text = new StringBuilder();
    for (String required : replaced.getFirst().directives().requires()) {
      text.append("--requires ").append(required).append('\n');
    }
    replaces().forEach(line -> text.append("--replaces ").append(line).append('\n'));
    List<Changeset> needed = before.iterator().next();
    try (ScratchSchema old = scratch(needed, replaced);
        ScratchSchema made = scratch(needed, List.of())) {
      List<String> statements = new ArrayList<>();
      for (CatalogScript.Line line :
          CatalogScript.towards(
              made.connection(), CatalogObjects.of(old.connection()).withoutEngine())) {
        // What is still missing is found by the comparison.
        if (line.failure() == null) {
          statements.add(line.sql());
        }
      }
      if (statements.stream().anyMatch(sql -> BODY.matcher(sql).matches())) {
        // A body can name what is created later.
        statements.addFirst("SET LOCAL check_function_bodies = off");
      }
      List<String> triggers =
          statements.stream().filter(sql -> TRIGGER.matcher(sql).matches()).toList();
      statements.removeAll(triggers);
      addRows(old.connection(), made.connection(), statements);
      // Rows are copied as they are.
      statements.addAll(triggers);
      addPrivileges(made.connection(), statements);
      statements.forEach(sql -> text.append(sql).append(sql.endsWith("\\.") ? "\n" : ";\n"));
    }
    return text.toString();
  }

  private List<String> replaces() {
    List<String> lines = new ArrayList<>();
    for (Changeset changeset : replaced) {
      lines.add(changeset.label() + " " + changeset.checksum());
      for (Replaced earlier : changeset.directives().replaces()) {
        lines.add(
            "%s %s in %s"
                .formatted(
                    earlier.label(),
                    earlier.checksum(),
                    Objects.requireNonNullElse(earlier.in(), changeset.label())));
      }
    }
    return lines;
  }

  private ScratchSchema scratch(List<Changeset> needed, List<Changeset> own) throws SQLException {
    ScratchSchema scratch =
        ScratchSchema.inPublic(
            server, config, Stream.concat(needed.stream(), own.stream()).toList());
    try {
      Trash.empty(scratch.connection());
      try (Statement statement = scratch.connection().createStatement()) {
        statement.execute(
            "SET IntervalStyle = postgres; SET bytea_output = hex; SET lc_monetary = 'C'; SET TimeZone = 'UTC'");
      }
      return scratch;
    } catch (SQLException e) {
      try (scratch) {
        throw e;
      }
    }
  }

  /// Adds what writes the rows of `old` and the states of its sequences.
  private void addRows(Connection old, Connection made, List<String> statements)
      throws SQLException {
    Catalog catalog = CatalogReader.read(old, Detail.STATEMENTS);
    Map<String, String> wanted = rows(old);
    Map<String, String> there = rows(made);
    long rows = 0;
    int bytes = 0;
    int copies = 0;
    for (Relation table : byForeignKeys(catalog)) {
      String key = table.fullReference();
      if (Objects.equals(wanted.get(key), there.get(key))) {
        continue;
      }
      if (count(made, table) > 0) {
        throw refused("%s changes rows of %s, which are of another module", key);
      }
      rows += count(old, table);
      if (rows > MAX_ROWS) {
        throw tooMany(key);
      }
      String copy = copy(old, table);
      bytes += copy.getBytes(StandardCharsets.UTF_8).length;
      if (bytes > MAX_BYTES) {
        throw tooMany(key);
      }
      copies++;
      statements.add(copy);
    }
    Map<String, String> sequences = sequences(old, catalog);
    sequences
        .entrySet()
        .removeAll(sequences(made, CatalogReader.read(made, Detail.STATEMENTS)).entrySet());
    sequences.forEach(
        (sequence, value) -> statements.add("SELECT setval(%s, %s)".formatted(sequence, value)));
    if (copies > 0) {
      catalog.relations().values().stream()
          .filter(view -> view.kind() == Catalog.Kind.MATERIALIZED_VIEW)
          .filter(view -> wanted.containsKey(view.fullReference()))
          .map(Relation::reference)
          .sorted()
          .forEach(view -> statements.add("REFRESH MATERIALIZED VIEW " + view));
    }
  }

  private OperatorException tooMany(String table) throws SQLException {
    return refused(
        "%%s writes more rows than a changelog should have: %%s, with others more than %s rows or %s bytes"
            .formatted(MAX_ROWS, MAX_BYTES),
        table);
  }

  /// @param problem with the places of the changeset that writes the rows, and of the table
  private OperatorException refused(String problem, String table) throws SQLException {
    return new OperatorException(
        problem.formatted(writer(table), table), "squash only the changesets before it");
  }

  /// Statements of the changesets about privileges that can run now. Whether that gives the same is
  /// compared afterwards.
  private void addPrivileges(Connection made, List<String> statements) throws SQLException {
    for (Changeset changeset : replaced) {
      for (SqlStatement statement : changeset.up()) {
        if (PRIVILEGES.matcher(statement.beginning()).matches() && isRun(made, statement)) {
          statements.add(statement.withoutLeadingComments());
        }
      }
    }
  }

  private static boolean isRun(Connection made, SqlStatement privilege) {
    try (Statement statement = made.createStatement()) {
      statement.setEscapeProcessing(false);
      privilege.execute(statement);
      return true;
    } catch (SQLException _) {
      return false; // Its object has another name by now, or none.
    }
  }

  private static String copy(Connection connection, Relation table) throws SQLException {
    String columns =
        table.columns().stream()
            .filter(column -> !column.generated())
            .map(Column::quoted)
            .collect(Collectors.joining(", "));
    String name = "%s (%s)".formatted(table.reference(), columns);
    ByteArrayOutputStream rows = new ByteArrayOutputStream();
    try {
      connection
          .unwrap(PGConnection.class)
          .getCopyAPI()
          .copyOut("COPY " + name + " TO STDOUT", rows);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return "COPY %s FROM STDIN;\n%s\\.".formatted(name, rows.toString(StandardCharsets.UTF_8));
  }

  /// The tables, each after those that it references, unless they reference each other.
  private static List<Relation> byForeignKeys(Catalog catalog) {
    Map<Relation, Set<Relation>> waitsFor = new LinkedHashMap<>();
    catalog.userTables().forEach(table -> waitsFor.put(table, new HashSet<>()));
    catalog.constraints().values().stream()
        .filter(constraint -> constraint.kind() == ConstraintKind.FOREIGN_KEY)
        .forEach(key -> {
          Relation referenced = catalog.root(catalog.relation(key.referenced()));
          Relation own = catalog.root(catalog.relation(key.table()));
          waitsFor.forEach((table, others) -> {
            if (catalog.root(table).equals(own) && !own.equals(referenced)) {
              waitsFor.keySet().stream()
                  .filter(other -> catalog.root(other).equals(referenced))
                  .forEach(others::add);
            }
          });
        });
    List<Relation> order = new ArrayList<>();
    while (!waitsFor.isEmpty()) {
      Relation next =
          waitsFor.keySet().stream()
              .filter(table -> order.containsAll(waitsFor.getOrDefault(table, Set.of())))
              .findFirst()
              .orElseGet(() -> waitsFor.keySet().iterator().next());
      waitsFor.remove(next);
      order.add(next);
    }
    return order;
  }

  /// Requires that a changeset makes what the replaced ones make, in new scratch databases.
  ///
  /// @param changeset in its file
  /// @throws OperatorException if the catalogs or the rows differ; it says where
  public void requireSame(Changeset changeset) throws SQLException {
    for (List<Changeset> needed : before) {
      try (ScratchSchema old = scratch(needed, replaced);
          ScratchSchema made = scratch(needed, List.of(changeset))) {
        requireSame(old.connection(), made.connection());
      }
    }
  }

  private void requireSame(Connection old, Connection made) throws SQLException {
    List<Difference> differences =
        CatalogSnapshot.of(old)
            .withoutEngine()
            .differences(CatalogSnapshot.of(made).withoutEngine());
    if (!differences.isEmpty()) {
      throw new OperatorException(
          "one changeset would not make the same: "
              + Abbreviation.of(
                  differences.stream()
                      .map(difference ->
                          "%s %s"
                              .formatted(
                                  difference.object(),
                                  switch (difference.kind()) {
                                    case MISSING -> "would be missing";
                                    case EXTRA -> "would be extra";
                                    case CHANGED -> "would differ";
                                  }))
                      .toList(),
                  LISTED),
          "squash the changesets before the one that makes these");
    }
    Map<String, String> wanted = rows(old);
    wanted.putAll(sequences(old, CatalogReader.read(old, Detail.STATEMENTS)));
    Map<String, String> found = rows(made);
    found.putAll(sequences(made, CatalogReader.read(made, Detail.STATEMENTS)));
    for (Map.Entry<String, String> rows : wanted.entrySet()) {
      if (!rows.getValue().equals(found.get(rows.getKey()))) {
        throw refused(
            "%s writes other rows each time, or a trigger changes them: %s", rows.getKey());
      }
    }
  }

  /// A digest of the rows of each table and materialized view.
  private static Map<String, String> rows(Connection connection) throws SQLException {
    Catalog catalog = CatalogReader.read(connection, Detail.STATEMENTS);
    Map<String, String> rows = new TreeMap<>();
    for (Relation table :
        Stream.concat(
                catalog.userTables().stream(),
                catalog.relations().values().stream()
                    .filter(view -> view.kind() == Catalog.Kind.MATERIALIZED_VIEW))
            .toList()) {
      if (Sql.of("SELECT relispopulated FROM pg_class WHERE oid = ?", table.oid())
          .isTrue(connection)) {
        String sql =
            "SELECT coalesce(md5(string_agg(digest, '' ORDER BY digest)), '') FROM (SELECT md5(ROW(%s)::text) AS digest FROM ONLY %s) AS d"
                .formatted(
                    table.columns().stream().map(Column::quoted).collect(Collectors.joining(", ")),
                    table.fullReference());
        rows.put(
            table.fullReference(),
            Sql.of(sql).first(connection, row -> row.getString(1)).orElseThrow());
      }
    }
    return rows;
  }

  /// The last value of each sequence and whether it was used, by an expression of its name.
  private static Map<String, String> sequences(Connection connection, Catalog catalog)
      throws SQLException {
    Map<String, String> values = new TreeMap<>();
    for (Catalog.Sequence sequence : catalog.sequences().values()) {
      Relation relation = catalog.relation(sequence.oid());
      Relation table = catalog.relations().get(sequence.table());
      Column column = catalog.column(sequence.table(), sequence.column());
      if (catalog.isOfEngine(relation) || (table != null && catalog.isOfEngine(table))) {
        continue;
      }
      String name =
          table == null || column == null
              ? CatalogObjects.literal(relation.reference())
              : "pg_get_serial_sequence(%s, %s)"
                  .formatted(
                      CatalogObjects.literal(table.reference()),
                      CatalogObjects.literal(column.name()));
      values.put(
          name,
          Sql.of("SELECT last_value || ', ' || is_called FROM " + relation.fullReference())
              .first(connection, row -> row.getString(1))
              .orElseThrow());
    }
    return values;
  }

  /// The first changeset after which a table has other rows than before all of them.
  private String writer(String table) throws SQLException {
    try (ScratchSchema scratch = scratch(before.iterator().next(), List.of())) {
      String first = rows(scratch.connection()).getOrDefault(table, "");
      for (Changeset changeset : replaced) {
        scratch.makeReadyFor(changeset);
        scratch.up(changeset);
        if (!first.equals(rows(scratch.connection()).getOrDefault(table, first))) {
          return changeset.label();
        }
      }
    }
    return "one of the changesets";
  }

  private static long count(Connection connection, Relation table) throws SQLException {
    return Sql.of(
            "SELECT count(*) FROM (SELECT FROM ONLY %s LIMIT %s) AS r"
                .formatted(table.fullReference(), MAX_ROWS + 1))
        .first(connection, row -> row.getLong(1))
        .orElseThrow();
  }
}
