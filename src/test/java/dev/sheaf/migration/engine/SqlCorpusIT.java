package dev.sheaf.migration.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sheaf.database.DatabaseAddress;
import dev.sheaf.migration.MigrationListener;
import dev.sheaf.migration.MigrationResult;
import dev.sheaf.migration.TestConfig;
import dev.sheaf.migration.catalog.CatalogSnapshot;
import dev.sheaf.migration.history.EngineTables;
import dev.sheaf.runtime.OperatorException;
import dev.sheaf.testing.TestDatabase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A script does as a changeset what it does in `psql`, or it is refused with its line. Each runs
/// once by `psql -f` and once by `up`, on databases of its own; catalogs and rows are equal then.
class SqlCorpusIT {

  private static final MigrationListener SILENT = new MigrationListener() {};

  private static final String RELATIONS =
      """
      SELECT format('%I.%I', n.nspname, c.relname)
        FROM pg_class c
        JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE c.relkind IN ('r', 'm', 'S')
         AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
       ORDER BY 1
      """;

  @TempDir private Path directory;

  @Test
  void everyScriptDoesWhatItDoesInPsql() throws Exception {
    SqlCorpus corpus = new SqlCorpus();
    Set<String> engine = engine();
    List<String> differing = new ArrayList<>();
    int dumps = 0;
    for (SqlCorpus.Script script : corpus.runs()) {
      try (TestDatabase psql = TestDatabase.create()) {
        compare(script.name(), script.sql(), psql, engine, differing);
        if (script.dumped()) {
          List<String> options = dumps++ % 3 == 0 ? List.of("--column-inserts") : List.of();
          String dump = dump(psql.address(), options);
          try (TestDatabase restored = TestDatabase.create()) {
            compare("dump of " + script.name(), dump, restored, engine, differing);
          }
        }
      }
    }

    assertThat(differing).isEmpty();
    assertThat(corpus.runs().size() + dumps + corpus.refusals().size()).isGreaterThan(300);
  }

  @Test
  void whatCannotBeAChangesetIsRefusedWithItsLine() throws Exception {
    List<String> accepted = new ArrayList<>();
    try (TestDatabase database = TestDatabase.create()) {
      for (SqlCorpus.Script script : new SqlCorpus().refusals()) {
        MigrationResult result = up(database, script.sql());
        List<String> problems =
            result.problems().stream().map(OperatorException::getMessage).toList();
        if (problems.isEmpty()
            || !problems.getFirst().matches("(?s)core/001_script\\.sql:\\d+:\\d+: .*")) {
          accepted.add(script.name() + ": " + problems);
        }
      }
      assertThat(accepted).isEmpty();
      assertThat(relations(database, engine())).isEmpty();
    }
  }

  private void compare(
      String name, String sql, TestDatabase psql, Set<String> engine, List<String> differing)
      throws Exception {
    Path file = Files.writeString(directory.resolve("script.sql"), sql);
    run(
        psql.address(),
        List.of("psql", "--no-psqlrc", "--quiet", "-v", "ON_ERROR_STOP=1", "-f", file.toString()));
    try (TestDatabase sheaf = TestDatabase.create()) {
      MigrationResult result = up(sheaf, sql);
      if (!result.problems().isEmpty()) {
        differing.add(name + ": " + result.problems().getFirst().getMessage());
        return;
      }
      Map<String, String> expected = content(psql, engine);
      Map<String, String> actual = content(sheaf, engine);
      if (!actual.equals(expected)) {
        differing.add(name + ":\nexpected " + expected + "\nbut was  " + actual);
      }
    }
  }

  private MigrationResult up(TestDatabase database, String sql) throws IOException {
    Files.createDirectories(directory.resolve("root/core"));
    Files.writeString(
        directory.resolve("root/core/001_script.sql"),
        "--liquibase formatted sql\n--changeset core:001\n" + sql + "\n--rollback empty\n");
    return TestConfig.migrations(database, directory.resolve("root")).up(SILENT);
  }

  private static Set<String> engine() throws SQLException {
    try (TestDatabase database = TestDatabase.create();
        Connection connection = database.connect()) {
      EngineTables.prepare(connection);
      return new HashSet<>(database.query(RELATIONS));
    }
  }

  private static List<String> relations(TestDatabase database, Set<String> engine)
      throws SQLException {
    return database.query(RELATIONS).stream().filter(name -> !engine.contains(name)).toList();
  }

  /// Every object of the catalog, and every row.
  private static Map<String, String> content(TestDatabase database, Set<String> engine)
      throws SQLException {
    Map<String, String> content = new TreeMap<>();
    try (Connection connection = database.connect()) {
      content.putAll(CatalogSnapshot.of(connection).withoutEngine().objects());
    }
    for (String relation : relations(database, engine)) {
      content.put(
          "rows of " + relation,
          database.query("SELECT t::text FROM ONLY " + relation + " AS t ORDER BY 1").toString());
    }
    return content;
  }

  private static String dump(DatabaseAddress database, List<String> options) throws Exception {
    List<String> command = new ArrayList<>(List.of("pg_dump"));
    command.addAll(options);
    return run(database, command);
  }

  /// What a client program of PostgreSQL writes, when it ends well.
  private static String run(DatabaseAddress database, List<String> command) throws Exception {
    ProcessBuilder builder = new ProcessBuilder(command);
    Map<String, String> environment = builder.environment();
    environment.put("PGHOST", database.host());
    environment.put("PGPORT", database.port());
    environment.put("PGDATABASE", database.database());
    if (database.user() != null) {
      environment.put("PGUSER", database.user());
    }
    if (database.password() != null) {
      environment.put("PGPASSWORD", database.password());
    }
    environment.put("PGCLIENTENCODING", "UTF8");
    Path errors = Files.createTempFile("client", ".txt");
    builder.redirectError(errors.toFile());
    Process process = builder.start();
    String output =
        new String(
            process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
    int code = process.waitFor();
    assertThat(code).as(command + ": " + Files.readString(errors)).isZero();
    Files.delete(errors);
    return output;
  }
}
