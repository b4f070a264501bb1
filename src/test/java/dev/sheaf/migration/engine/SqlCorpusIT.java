package dev.sheaf.migration.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sheaf.database.DatabaseAddress;
import dev.sheaf.database.Sql;
import dev.sheaf.migration.MigrationListener;
import dev.sheaf.migration.TestConfig;
import dev.sheaf.migration.catalog.CatalogSnapshot;
import dev.sheaf.migration.changelog.ChangelogFile;
import dev.sheaf.runtime.OperatorException;
import dev.sheaf.testing.Psql;
import dev.sheaf.testing.TestDatabase;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A script has the same effect as a changeset as in `psql -f`, or it is rejected with its line.
///
/// All scripts run in one database by `psql` and in another one by `up`, each in a schema of its
/// own, so that one comparison of the two catalogs and of all rows is enough.
class SqlCorpusIT {

  private static final MigrationListener SILENT = new MigrationListener() {};

  /// The queries of all rows of the scripts' tables, materialized views and sequences.
  private static final String RELATIONS =
      """
      SELECT format(CASE c.relkind WHEN 'S' THEN 'SELECT (last_value, is_called)::text FROM %1$s'
                                   ELSE 'SELECT t::text FROM ONLY %1$s AS t ORDER BY 1' END,
                    c.oid::regclass)
        FROM pg_class c
        JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE c.relkind IN ('r', 'm', 'S')
         AND n.nspname NOT IN ('pg_catalog', 'pg_toast', 'information_schema')
         AND NOT (n.nspname = 'public' AND c.relname ~ '^(schema_|databasechangelog|backfill)')
       ORDER BY 1
      """;

  /// The number of the changeset that a message is about.
  private static final Pattern NUMBER = Pattern.compile("core/(\\d+)_script");

  /// How `pg_dump` writes the scripts that are dumps, in turn.
  private static final List<List<String>> DUMPS =
      List.of(
          List.of(),
          List.of("--column-inserts", "--quote-all-identifiers"),
          List.of("--clean", "--if-exists"),
          List.of("--inserts", "--rows-per-insert=2", "--disable-dollar-quoting"));

  @TempDir private Path directory;

  @Test
  void scriptsHaveTheSameEffectAsInPsql() throws Exception {
    SqlCorpus corpus = new SqlCorpus();
    List<String> scripts = new ArrayList<>();
    List<String> dumped = new ArrayList<>();
    for (SqlCorpus.Script script : corpus.runs()) {
      String schema = schema(scripts.size());
      scripts.add(
          "CREATE SCHEMA %1$s;\nSET search_path TO %1$s;\n".formatted(schema) + script.sql());
      if (script.dumped()) {
        dumped.add(schema);
      }
    }

    List<String> dumps = new ArrayList<>();
    try (TestDatabase psql = TestDatabase.create();
        TestDatabase sheaf = TestDatabase.create()) {
      compare(scripts, psql, sheaf);
      for (int i = 0; i < dumped.size(); i += 3) {
        List<String> schemas = dumped.subList(i, Math.min(i + 3, dumped.size()));
        dumps.add(dump(psql.address(), schemas, DUMPS.get(dumps.size() % DUMPS.size())));
      }
    }
    try (TestDatabase psql = TestDatabase.create();
        TestDatabase sheaf = TestDatabase.create()) {
      compare(dumps, psql, sheaf);
    }

    assertThat(scripts).hasSizeGreaterThan(300);
    assertThat(dumps).hasSizeGreaterThan(20);
  }

  /// The statements run by `psql` are those of the file with LF line ends, without a byte order
  /// mark.
  @Test
  void lineEndsAndAByteOrderMarkMakeNoDifference() throws Exception {
    List<String> scripts = new ArrayList<>();
    for (SqlCorpus.Script script : new SqlCorpus().runs()) {
      if (script.dumped()) {
        scripts.add(
            "CREATE SCHEMA %1$s;\nSET search_path TO %1$s;\n".formatted(schema(scripts.size()))
                + script.sql());
      }
    }

    try (TestDatabase psql = TestDatabase.create();
        TestDatabase sheaf = TestDatabase.create()) {
      psql(psql.address(), scripts);
      up(sheaf, scripts, text -> "\uFEFF" + text.replace("\r\n", "\n").replace("\n", "\r\n"));
      assertSame(psql, sheaf);
    }
  }

  @Test
  void whatIsNoChangesetIsRejectedWithItsLine() throws Exception {
    List<String> accepted = new ArrayList<>();
    try (TestDatabase database = TestDatabase.create()) {
      for (SqlCorpus.Script script : new SqlCorpus().refusals()) {
        write(0, changelog(0, script.sql()));
        String message = failure(database);
        if (message == null || !message.matches("(?s)core/001_script\\.sql:\\d+:\\d+: .*")) {
          accepted.add(script.name() + ": " + message);
        }
      }

      assertThat(accepted).isEmpty();
      assertThat(database.query(RELATIONS)).isEmpty();
    }
  }

  private void compare(List<String> scripts, TestDatabase psql, TestDatabase sheaf)
      throws Exception {
    psql(psql.address(), scripts);
    up(sheaf, scripts, text -> text);
    assertSame(psql, sheaf);
  }

  /// Lists the differences, because the whole is too long to be read.
  private static void assertSame(TestDatabase psql, TestDatabase sheaf) throws SQLException {
    Map<String, String> expected = content(psql);
    Map<String, String> actual = content(sheaf);
    Set<String> names = new TreeSet<>(expected.keySet());
    names.addAll(actual.keySet());
    assertThat(names)
        .filteredOn(name -> !Objects.equals(expected.get(name), actual.get(name)))
        .extracting(
            name -> "%s: psql %s, up %s".formatted(name, expected.get(name), actual.get(name)))
        .isEmpty();
  }

  private static String schema(int script) {
    return "script_" + ChangelogFile.digits(script + 1);
  }

  /// One session runs them all, but settings of one script must not change the next.
  private void psql(DatabaseAddress database, List<String> scripts) throws Exception {
    List<String> command =
        new ArrayList<>(List.of("psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1"));
    for (int i = 0; i < scripts.size(); i++) {
      Path file = directory.resolve(schema(i) + ".sql");
      Files.writeString(file, scripts.get(i));
      command.addAll(List.of("-f", file.toString(), "-c", "DISCARD ALL"));
    }
    run(database, command);
  }

  private void up(TestDatabase database, List<String> scripts, UnaryOperator<String> form)
      throws IOException {
    delete();
    for (int i = 0; i < scripts.size(); i++) {
      write(i, form.apply(changelog(i, scripts.get(i))));
    }
    List<String> failures = new ArrayList<>();
    for (String failure = failure(database); failure != null; failure = failure(database)) {
      failures.add(failure);
      Matcher number = NUMBER.matcher(failure);
      if (!number.find()) {
        break;
      }
      Files.delete(file(Integer.parseInt(number.group(1)) - 1));
    }
    assertThat(failures).isEmpty();
  }

  private @Nullable String failure(TestDatabase database) {
    return TestConfig.migrations(database, directory.resolve("root")).up(SILENT).problems().stream()
        .map(OperatorException::getMessage)
        .findFirst()
        .orElse(null);
  }

  private void write(int script, String changelog) throws IOException {
    Files.createDirectories(file(script).getParent());
    Files.writeString(file(script), changelog);
  }

  private void delete() throws IOException {
    Path core = Files.createDirectories(file(0).getParent());
    try (Stream<Path> files = Files.list(core)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
  }

  private Path file(int script) {
    return directory.resolve("root/core/" + ChangelogFile.digits(script + 1) + "_script.sql");
  }

  private static String changelog(int script, String sql) {
    return "--liquibase formatted sql\n--changeset core:%s\n%s\n--rollback empty because it is a test\n"
        .formatted(ChangelogFile.digits(script + 1), sql);
  }

  /// Every object of the catalog, and every row.
  private static Map<String, String> content(TestDatabase database) throws SQLException {
    try (Connection connection = database.connect()) {
      Map<String, String> content =
          new TreeMap<>(CatalogSnapshot.of(connection).withoutEngine().objects());
      for (String query : list(connection, RELATIONS)) {
        content.put(query, list(connection, query).toString());
      }
      return content;
    }
  }

  private static List<String> list(Connection connection, String sql) throws SQLException {
    return Sql.of(sql).list(connection, row -> row.getString(1));
  }

  private static String dump(DatabaseAddress database, List<String> schemas, List<String> options)
      throws Exception {
    List<String> command = new ArrayList<>(List.of("pg_dump"));
    schemas.forEach(schema -> command.add("--schema=" + schema));
    command.addAll(options);
    return run(database, command);
  }

  /// What a client program of PostgreSQL writes, if it succeeds.
  private static String run(DatabaseAddress database, List<String> command) throws Exception {
    ProcessBuilder builder = new ProcessBuilder(command);
    Psql.connect(builder, database);
    // Each of thousands of statements is a transaction of its own.
    builder.environment().put("PGOPTIONS", "-c synchronous_commit=off");
    Path errors = Files.createTempFile("client", ".txt");
    builder.redirectError(errors.toFile());
    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    int code = process.waitFor();
    assertThat(code).as(command.getFirst() + ": " + Files.readString(errors)).isZero();
    Files.delete(errors);
    return output;
  }
}
