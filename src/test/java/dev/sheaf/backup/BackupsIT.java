package dev.sheaf.backup;

import static dev.sheaf.testing.Patience.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sheaf.backup.BackupListener.Phase;
import dev.sheaf.backup.BackupListener.Progress;
import dev.sheaf.database.DatabaseAddress;
import dev.sheaf.database.PostgresServer;
import dev.sheaf.database.Sql;
import dev.sheaf.migration.Approval;
import dev.sheaf.migration.Difference;
import dev.sheaf.migration.MigrationConfig;
import dev.sheaf.migration.MigrationListener;
import dev.sheaf.migration.catalog.CatalogSnapshot;
import dev.sheaf.migration.engine.Migrations;
import dev.sheaf.migration.history.VerifiedBackup;
import dev.sheaf.runtime.ModulesConfig;
import dev.sheaf.runtime.OperatorException;
import dev.sheaf.testing.Soak;
import dev.sheaf.testing.TestDatabase;
import io.smallrye.config.SmallRyeConfig;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.assertj.core.groups.Tuple;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Backups of a database with a collection, its partitions, its vectors and their index.
class BackupsIT {

  private final Backups backups = new Backups();

  @TempDir private Path directory;
  private TestDatabase source;
  private Path file;

  @BeforeAll
  static void requireClientPrograms() throws SQLException {
    try (Connection connection = TestDatabase.server().open("sheaf test")) {
      ClientProgram.find("pg_dump", PostgresServer.of(connection).major());
    } catch (OperatorException e) {
      // Where nobody looks, a test that does not run would be one that passes.
      assumeTrue(System.getenv("CI") != null, e.getMessage());
      throw e;
    }
  }

  @BeforeEach
  void fill() throws Exception {
    file = directory.resolve("backup.sheaf");
    source = TestDatabase.create();
    migrations(source).up(new MigrationListener() {}).orThrow();
    source.execute(
        """
        INSERT INTO collection (name) VALUES ('docs');
        INSERT INTO embedding_space (collection_id, model, dimensions, metric, "precision", storage)
        VALUES (1, 'a', 96, 'cosine', 'half', 'full'), (1, 'b', 96, 'cosine', 'half', 'half');
        UPDATE collection SET active_space_id = 1;
        """);
    template(source, "collection", Map.of("collection_id", "1"));
    template(
        source,
        "space",
        Map.of("space_id", "1", "collection_id", "1", "parent", "embedding", "dimensions", "96"));
    template(
        source,
        "space",
        Map.of(
            "space_id", "2", "collection_id", "1", "parent", "embedding_half", "dimensions", "96"));
    source.execute(
        """
        INSERT INTO document (collection_id, id, external_id, metadata, content_hash)
        SELECT 1, md5(n::text)::uuid, 'döcument ' || n, jsonb_build_object('n', n), sha256(n::text::bytea)
          FROM generate_series(1, 300) n;
        INSERT INTO chunk (collection_id, document_id, ordinal, text, token_count, start_offset, end_offset)
        SELECT 1, id, 0, external_id || E'\\n\\\\.\\n\\ttext', 3, 0, 10 FROM document;
        INSERT INTO embedding (space_id, collection_id, document_id, ordinal, vector)
        SELECT 1, 1, id, 0, (SELECT array_agg(random() - 0.5)::vector FROM generate_series(1, 96) WHERE id IS NOT NULL)
          FROM document;
        INSERT INTO embedding_half SELECT 2, collection_id, document_id, ordinal, vector FROM embedding;
        """);
    template(
        source,
        "space_index",
        Map.of(
            "space_id",
            "1",
            "index",
            "embedding_1_hnsw",
            "element",
            "vector::halfvec(96)",
            "operator_class",
            "halfvec_cosine_ops",
            "m",
            "8",
            "ef_construction",
            "32"));
  }

  @AfterEach
  void drop() {
    source.close();
    await().untilAsserted(() -> assertThat(leftovers()).isEmpty());
  }

  @Test
  void aRestoredDatabaseEqualsItsSource() throws SQLException {
    Heard heard = new Heard();
    BackupResult backup = backups.backup(source.address(), file, heard);

    String name = TestDatabase.freshName();
    BackupResult restored =
        backups.restore(file, server().withDatabase(name), RestoreOptions.DEFAULT, heard);

    try (TestDatabase target = TestDatabase.opened(name)) {
      assertThat(everything(target)).isEqualTo(everything(source));
      assertThat(target.query("SELECT count(*) FROM embedding_1")).containsExactly("300");
      assertThat(migrations(target).verify()).isEmpty();
    }
    assertThat(restored.checksum()).isEqualTo(backup.checksum());
    assertThat(backup.bytes()).isEqualTo(file.toFile().length());
    assertThat(backup.rows()).isEqualTo(restored.rows()).isGreaterThan(900);
    assertThat(heard.phases)
        .containsExactly(Phase.DUMPING, Phase.CHECKING, Phase.RESTORING, Phase.ANALYZING);
    assertThat(heard.last).hasToString("analyzing: " + heard.last.sofar().toSeconds() + " s");
    assertThatCountingKeepsNoIndexLocked();
  }

  private void assertThatCountingKeepsNoIndexLocked() throws SQLException {
    try (Connection connection = source.connect()) {
      connection.setAutoCommit(false);
      assertThat(Contents.of(connection, _ -> true).total()).isGreaterThan(900);
      assertThat(
              Sql.of(
                      """
                      SELECT c.relname
                        FROM pg_locks l
                        JOIN pg_class c ON c.oid = l.relation
                       WHERE l.pid = pg_backend_pid()
                         AND c.relnamespace = 'public'::regnamespace
                         AND c.relkind = 'i'
                      """)
                  .list(connection, row -> row.getString(1)))
          .isEmpty();
    }
  }

  @Test
  void anEmptyDatabaseIsFilledWhereItStands() throws SQLException {
    backups.backup(source.address(), file, BackupListener.SILENT);
    try (TestDatabase target = TestDatabase.create()) {
      target.execute("CREATE EXTENSION vector");
      List<String> oid =
          target.query("SELECT oid FROM pg_database WHERE datname = current_database()");

      backups.restore(file, target.address(), RestoreOptions.DEFAULT, BackupListener.SILENT);

      assertThat(everything(target)).isEqualTo(everything(source));
      assertThat(target.query("SELECT oid FROM pg_database WHERE datname = current_database()"))
          .isEqualTo(oid);
    }
  }

  @Test
  void aDatabaseThatHoldsSomethingIsReplacedOnlyWhenToldSo() throws SQLException {
    backups.backup(source.address(), file, BackupListener.SILENT);
    try (TestDatabase target = TestDatabase.create()) {
      target.execute("CREATE TABLE precious (id int)");
      String name = target.address().database();

      assertThatThrownBy(() ->
              backups.restore(
                  file, target.address(), RestoreOptions.DEFAULT, BackupListener.SILENT))
          .isInstanceOf(OperatorException.class)
          .hasMessage(
              "database "
                  + name
                  + " is not empty, and stays as it is - restore into another database, or replace"
                  + " this one: --replace");
      RestoreOptions replace = new RestoreOptions(true, true);
      try (Connection _ = target.connect()) {
        assertThatThrownBy(
                () -> backups.restore(file, target.address(), replace, BackupListener.SILENT))
            .hasMessageStartingWith("database " + name + " is in use and was not replaced");
      }
      assertThat(target.query("SELECT count(*) FROM precious")).containsExactly("0");

      target.endSessions();
      await().until(() -> sessions(name).isEmpty());
      backups.restore(file, target.address(), replace, BackupListener.SILENT);

      assertThat(everything(target)).isEqualTo(everything(source));
    }
  }

  @Test
  void aRestoreThatFailsLeavesNothing() throws Exception {
    backups.backup(source.address(), file, BackupListener.SILENT);
    Path half = directory.resolve("half.sheaf");
    rewrite(file, half, dump -> Arrays.copyOf(dump, dump.length / 2), Manifest::contents);
    String name = TestDatabase.freshName();

    assertThatThrownBy(() ->
            backups.restore(
                half, server().withDatabase(name), RestoreOptions.DEFAULT, BackupListener.SILENT))
        .isInstanceOf(OperatorException.class)
        .hasMessageContaining("restoring " + half + " failed: pg_restore: ");
    assertThat(source.query("SELECT datname FROM pg_database WHERE datname = '" + name + "'"))
        .isEmpty();
    try (TestDatabase target = TestDatabase.create()) {
      List<String> before = everything(target);
      assertThatThrownBy(() ->
              backups.restore(
                  half, target.address(), RestoreOptions.DEFAULT, BackupListener.SILENT))
          .isInstanceOf(OperatorException.class);
      assertThat(everything(target)).isEqualTo(before);
    }
  }

  @Test
  void aGoodBackupIsPutOnRecord() throws SQLException {
    // An index that is still being built is not part of a dump.
    assertThatThrownBy(() ->
            source.execute("CREATE UNIQUE INDEX CONCURRENTLY broken ON document_1 (mime_type)"))
        .isInstanceOf(SQLException.class);
    BackupResult backup = backups.backup(source.address(), file, BackupListener.SILENT);
    source.execute("DELETE FROM document WHERE metadata ->> 'n' = '7'; UPDATE chunk SET text = ''");
    assertThat(latest(source, Duration.ofHours(24))).isEmpty();
    Heard heard = new Heard();

    BackupVerification verification =
        backups.verify(file, source.address(), TestDatabase.server(), heard);

    assertThat(verification.differences()).isEmpty();
    assertThat(verification.notes()).isEmpty();
    VerifiedBackup verified = latest(source, Duration.ofHours(24)).orElseThrow();
    assertThat(verified).isEqualTo(verification.recorded());
    assertThat(verified.file()).isEqualTo(file.toString());
    assertThat(verified.checksum()).isEqualTo(backup.checksum());
    assertThat(verified.schemaFingerprint()).isEqualTo(backup.schema().fingerprint());
    assertThat(verified.takenAt()).isEqualTo(backup.takenAt());
    assertThat(verified.verifiedAt()).isAfter(verified.takenAt());
    assertThat(latest(source, Duration.ZERO)).isEmpty();
    assertThat(heard.phases).containsExactly(Phase.CHECKING, Phase.RESTORING, Phase.COUNTING);
  }

  @Test
  void whatABackupLacksIsNamed() throws Exception {
    backups.backup(source.address(), file, BackupListener.SILENT);
    Path other = directory.resolve("other.sheaf");
    rewrite(
        file,
        other,
        dump -> dump,
        manifest -> {
          Map<String, String> catalog = new TreeMap<>(manifest.contents().catalog());
          Map<String, Long> rows = new TreeMap<>(manifest.contents().rows());
          catalog.put("table public.lost", "");
          catalog.remove("table public.chunk_1");
          catalog.put("extension vector", "0.1 in public");
          rows.merge("public.chunk_1", 1L, Long::sum);
          return new Contents(new TreeMap<>(catalog), new TreeMap<>(rows));
        });

    BackupVerification verification =
        backups.verify(other, source.address(), source.address(), BackupListener.SILENT);

    assertThat(verification.success()).isFalse();
    assertThat(verification.recorded()).isNull();
    assertThat(verification.differences())
        .extracting(Difference::kind, Difference::object, Difference::expected, Difference::actual)
        .containsExactly(
            Tuple.tuple(
                Difference.Kind.EXTRA,
                "table public.chunk_1",
                null,
                verification.differences().getFirst().actual()),
            Tuple.tuple(Difference.Kind.MISSING, "table public.lost", "", null),
            Tuple.tuple(Difference.Kind.CHANGED, "rows of public.chunk_1", "301", "300"));
    assertThat(verification.notes())
        .singleElement()
        .asString()
        .startsWith("extension vector was 0.1 in public and is ");
    assertThat(latest(source, Duration.ofHours(1))).isEmpty();
  }

  @Test
  void aTruncatedOrDamagedBackupIsFound() throws IOException {
    backups.backup(source.address(), file, BackupListener.SILENT);
    byte[] whole = Files.readAllBytes(file);

    Files.write(file, Arrays.copyOf(whole, whole.length / 2));
    assertThatThrownBy(() -> verify(source))
        .hasMessageStartingWith(
            file + " is incomplete: after " + whole.length / 2 + " bytes it stops without an end");
    assertThatThrownBy(() ->
            backups.restore(
                file,
                server().withDatabase(TestDatabase.freshName()),
                RestoreOptions.DEFAULT,
                BackupListener.SILENT))
        .hasMessageStartingWith(file + " is incomplete");

    whole[whole.length / 2] ^= 1;
    Files.write(file, whole);
    assertThatThrownBy(() -> verify(source))
        .hasMessageStartingWith(file + " is damaged: its content is not what its seal says");
  }

  @Test
  void aBackupOfAnotherSchemaVersionIsFound() {
    Migrations migrations = migrations(source);
    migrations.down("fulltext", 1, Approval.NONE, new MigrationListener() {}).orThrow();
    BackupResult backup = backups.backup(source.address(), file, BackupListener.SILENT);
    migrations.up(new MigrationListener() {}).orThrow();

    String then = String.valueOf(backup.schema());
    String now = then.replace("fulltext/005_reanalysis", "fulltext/006_label_of_titles");
    assertThat(now).isNotEqualTo(then);
    assertThatThrownBy(() -> verify(source))
        .isInstanceOf(OperatorException.class)
        .hasMessage(
            "%s holds the schema at %s, and database %s is at %s: they differ in fulltext/006_label_of_titles - take a new backup"
                .formatted(file, then, source.address().database(), now));
  }

  @Test
  void aBackupOfAnotherDatabaseIsNotPutOnRecord() throws SQLException {
    backups.backup(source.address(), file, BackupListener.SILENT);
    String name = TestDatabase.freshName();
    backups.restore(
        file, server().withDatabase(name), RestoreOptions.DEFAULT, BackupListener.SILENT);
    try (TestDatabase copy = TestDatabase.opened(name)) {

      BackupVerification verification = verify(copy);

      assertThat(verification.success()).isTrue();
      assertThat(verification.recorded()).isNull();
      assertThat(verification.notes())
          .containsExactly(
              "not put on record: it is a backup of another database, " + source.address());
      assertThat(latest(copy, Duration.ofHours(1))).isEmpty();
    }
  }

  @Soak
  @Test
  void aKilledBackupNeverLooksWhole() throws Exception {
    Path partial = directory.resolve("backup.sheaf.partial");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                HeldBackup.class.getName(),
                url(),
                file.toString())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    List<ProcessHandle> children;
    try (BufferedReader out = process.inputReader()) {
      assertThat(out.readLine()).isEqualTo("DUMPING");
      children = process.descendants().toList();
    } finally {
      process.destroyForcibly().waitFor();
    }

    assertThat(children).isNotEmpty();
    assertThat(partial).exists();
    assertThat(file).doesNotExist();
    // Nobody reads what pg_dump writes, and nobody holds its snapshot.
    await().until(() -> children.stream().noneMatch(ProcessHandle::isAlive));
    source.endSessions();
    await().until(() -> sessions(source.address().database()).isEmpty());

    backups.backup(source.address(), file, BackupListener.SILENT);
    assertThat(partial).doesNotExist();
    assertThat(verify(source).success()).isTrue();
  }

  @Test
  void aBackupThatFailsLeavesNothing() {
    BackupListener killer =
        new BackupListener() {
          @Override
          public void progress(Progress progress) {
            ProcessHandle.current()
                .descendants()
                .filter(child -> child.info().commandLine().orElse("").contains("pg_dump --"))
                .forEach(ProcessHandle::destroyForcibly);
          }
        };

    assertThatThrownBy(() -> backups.backup(source.address(), file, killer))
        .isInstanceOf(OperatorException.class)
        .hasMessage("dumping %s failed: pg_dump was killed".formatted(source.address().database()));
    assertThat(directory).isEmptyDirectory();
  }

  @Test
  void noPasswordIsAmongTheArguments() {
    String password = Objects.requireNonNull(source.address().password());
    List<String> commands = new ArrayList<>();
    BackupListener onlooker =
        new BackupListener() {
          @Override
          public void progress(Progress progress) {
            ProcessHandle.current()
                .descendants()
                .map(child -> child.info().commandLine().orElse(""))
                .filter(command -> command.contains("pg_"))
                .forEach(commands::add);
          }
        };

    backups.backup(source.address(), file, onlooker);
    backups.verify(file, source.address(), source.address(), onlooker);

    assertThat(commands)
        .anyMatch(command -> command.contains("pg_dump --format=custom"))
        .anyMatch(command -> command.contains("pg_restore --dbname="))
        .noneMatch(command -> command.contains(password));
  }

  @Test
  void whatAKilledVerificationLeftIsSwept() throws SQLException {
    backups.backup(source.address(), file, BackupListener.SILENT);
    String leftover =
        "sheaf_backup_5f000000_"
            + HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong(1L << 48), 12);
    source.execute("CREATE DATABASE " + leftover);
    source.execute("CREATE DATABASE " + leftover + "_old");

    verify(source);

    assertThat(leftovers()).doesNotContain(leftover, leftover + "_old");
  }

  @Test
  void anOrdinaryRoleNeedsNobodyButForTheExtension() throws SQLException {
    backups.backup(source.address(), file, BackupListener.SILENT);
    String role = TestDatabase.freshName();
    source.execute("CREATE ROLE " + role + " LOGIN CREATEDB PASSWORD 'its own'");
    try (TestDatabase target = TestDatabase.create()) {
      target.execute("ALTER DATABASE " + target.address().database() + " OWNER TO " + role);
      DatabaseAddress address = new DatabaseAddress(target.address().jdbcUrl(), role, "its own");
      assertThatThrownBy(
              () -> backups.restore(file, address, RestoreOptions.DEFAULT, BackupListener.SILENT))
          .isInstanceOfSatisfying(
              OperatorException.class,
              failure ->
                  assertThat(failure.hint())
                      .startsWith(
                          "restore into an empty database in which an administrator has created the"
                              + " extension"));

      // What an administrator did for it.
      target.execute("CREATE EXTENSION vector");
      backups.restore(file, address, RestoreOptions.DEFAULT, BackupListener.SILENT);
      Path again = directory.resolve("again.sheaf");
      backups.backup(address, again, BackupListener.SILENT);
      BackupVerification verification =
          backups.verify(again, address, TestDatabase.server(), BackupListener.SILENT);

      assertThat(verification.differences()).isEmpty();
      assertThat(verification.recorded()).isNotNull();
    } finally {
      source.execute("DROP ROLE " + role);
    }
  }

  private BackupVerification verify(TestDatabase database) {
    return backups.verify(file, database.address(), database.address(), BackupListener.SILENT);
  }

  /// Every object and a digest of every table, but not the bookkeeping's own record of backups.
  private static List<String> everything(TestDatabase database) throws SQLException {
    List<String> all = new ArrayList<>();
    try (Connection connection = database.connect()) {
      CatalogSnapshot.of(connection)
          .objects()
          .forEach((object, definition) -> {
            if (!object.startsWith("privileges ")) {
              all.add(object + ": " + definition);
            }
          });
      for (String table : Contents.tables(connection, false)) {
        all.add(
            table
                + database.query(
                    "SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM " + table + " t"));
      }
    }
    return all;
  }

  /// Writes a copy of a backup that holds, or says of itself, something else.
  private static void rewrite(
      Path from, Path to, UnaryOperator<byte[]> dump, Function<Manifest, Contents> contents)
      throws IOException {
    try (Tracker tracker = new Tracker(BackupListener.SILENT);
        BackupFile.Writer writer = BackupFile.Writer.create(to)) {
      BackupFile backup = BackupFile.check(from, tracker);
      try (InputStream in = backup.openDump()) {
        writer.dump().write(dump.apply(in.readAllBytes()));
      }
      Manifest old = backup.manifest();
      writer.finish(
          new Manifest(
              old.format(),
              old.application(),
              old.takenAt(),
              old.origin(),
              old.postgresql(),
              old.major(),
              old.pgvector(),
              old.pgDump(),
              old.schema(),
              contents.apply(old)));
    }
  }

  private static Migrations migrations(TestDatabase database) {
    SmallRyeConfig config =
        new SmallRyeConfigBuilder()
            .addDiscoveredConverters()
            .withMapping(MigrationConfig.class)
            .withMapping(ModulesConfig.class)
            .build();
    return Migrations.of(
        database.address(),
        config.getConfigMapping(MigrationConfig.class),
        config.getConfigMapping(ModulesConfig.class),
        false);
  }

  /// Runs a template as the service does.
  private static void template(TestDatabase database, String name, Map<String, String> parameters)
      throws Exception {
    String path = "db/changelog/template/" + name + ".sql";
    try (InputStream in =
        Objects.requireNonNull(BackupsIT.class.getClassLoader().getResourceAsStream(path))) {
      String sql = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      for (Map.Entry<String, String> parameter : parameters.entrySet()) {
        sql = sql.replace("${" + parameter.getKey() + "}", parameter.getValue());
      }
      database.execute(sql);
    }
  }

  private static DatabaseAddress server() {
    return TestDatabase.server();
  }

  private static Optional<VerifiedBackup> latest(TestDatabase database, Duration maxAge)
      throws SQLException {
    try (Connection connection = database.connect()) {
      return VerifiedBackup.latest(connection, maxAge);
    }
  }

  private String url() {
    DatabaseAddress address = source.address();
    return "postgres://"
        + address.user()
        + ":"
        + address.password()
        + "@"
        + address.host()
        + ":"
        + address.port()
        + "/"
        + address.database();
  }

  private static List<String> sessions(String database) {
    return query(
        "SELECT pid FROM pg_stat_activity WHERE datname = '"
            + database
            + "' AND pid <> pg_backend_pid()");
  }

  /// What verifications and restores have left; those of others on the same server are connected.
  private static List<String> leftovers() {
    return query(
        "SELECT datname FROM pg_database d WHERE datname ~ '^sheaf_backup_' AND NOT EXISTS (SELECT"
            + " FROM pg_stat_activity a WHERE a.datid = d.oid)");
  }

  /// On the server's own database, so that nobody is connected to the one that is looked at.
  private static List<String> query(String sql) {
    try (Connection connection = TestDatabase.server().open("sheaf test");
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      List<String> values = new ArrayList<>();
      while (row.next()) {
        values.add(row.getString(1));
      }
      return values;
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  /// Hears the phases, in order.
  private static final class Heard implements BackupListener {
    private final List<Phase> phases = new ArrayList<>();
    private Progress last = new Progress(Phase.CHECKING, 0, 0, 0, 0, Duration.ZERO, "");

    @Override
    public synchronized void progress(Progress progress) {
      if (phases.isEmpty() || phases.getLast() != progress.phase()) {
        phases.add(progress.phase());
      }
      last = progress;
    }
  }
}
