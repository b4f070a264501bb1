package dev.sheaf.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sheaf.migration.Approval;
import dev.sheaf.migration.MigrationListener;
import dev.sheaf.migration.MigrationResult;
import dev.sheaf.migration.SchemaStatus;
import dev.sheaf.migration.TestChangelogs;
import dev.sheaf.migration.TestConfig;
import dev.sheaf.migration.catalog.CatalogSnapshot;
import dev.sheaf.migration.changelog.ChangesetVersion;
import dev.sheaf.migration.engine.Migrations;
import dev.sheaf.migration.engine.ProofSelection;
import dev.sheaf.testing.TestDatabase;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `squash`: a new database with one changeset is the same as an old one with those that it
/// replaces, and both go on from there, whichever build works on them.
class SquashIT {

  private static final MigrationListener SILENT = new MigrationListener() {};

  /// The rows of all tables, and what the next ones are numbered.
  private static final String ROWS =
      """
      SELECT 'country ' || c::text FROM country c
      UNION ALL SELECT 'customer ' || c::text FROM customer c
      UNION ALL SELECT 'counted ' || n::text FROM counted n
      UNION ALL SELECT 'next ' || last_value || is_called FROM customer_id_seq
       ORDER BY 1
      """;

  private static final String HISTORY =
      "SELECT filename || ' ' || md5sum || ' ' || orderexecuted FROM databasechangelog"
          + " UNION ALL SELECT path || ' ' || checksum FROM schema_rollback ORDER BY 1";

  @TempDir private Path directory;
  private Path before;
  private Path after;
  private TestDatabase database;

  @BeforeEach
  void create() throws IOException {
    database = TestDatabase.create();
    before = Files.createDirectories(directory.resolve("before"));
    TestChangelogs changelogs = new TestChangelogs(before);
    changelogs.changeset(
        "core",
        1,
        "country",
        """
        --replaces core/001_ancient 9:0123456789abcdef0123456789abcdef
        CREATE TYPE mood AS ENUM ('sad', 'ok');
        CREATE TABLE country (code char(2) PRIMARY KEY, "the name" text, part_of char(2) REFERENCES country);
        INSERT INTO country VALUES ('eu', E'Europe\\\\of\\nmany', NULL), ('de', 'Süd;--', 'eu'), ('xx', NULL, NULL);
        GRANT SELECT ON country TO PUBLIC;
        """,
        "DROP TABLE country;\nDROP TYPE mood;");
    changelogs.changeset(
        "core",
        2,
        "customer",
        """
        CREATE TABLE client (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at char(2) REFERENCES country,
                             named text, twice text GENERATED ALWAYS AS (named || named) STORED, gone int);
        INSERT INTO client (at, named) VALUES ('de', 'Ann'), ('eu', 'Ben');
        DELETE FROM client WHERE named = 'Ben';
        """,
        "DROP TABLE client;");
    changelogs.changeset(
        "core",
        3,
        "rename",
        """
        --requires-backfill core/002_customer
        ALTER TABLE client RENAME TO customer;
        ALTER SEQUENCE client_id_seq RENAME TO customer_id_seq;
        ALTER TABLE customer DROP COLUMN gone, ADD COLUMN mood mood DEFAULT 'ok';
        """,
        """
        ALTER TABLE customer ADD COLUMN gone int, DROP COLUMN mood;
        ALTER SEQUENCE customer_id_seq RENAME TO client_id_seq;
        ALTER TABLE customer RENAME TO client;\
        """);
    Files.writeString(
        before.resolve("core/002_customer.backfill.sql"),
        """
        --liquibase formatted sql
        --backfill table:client key:id
        UPDATE client SET named = '?' WHERE :batch AND named IS NULL;
        --condition
        SELECT NOT EXISTS (SELECT FROM client WHERE named IS NULL);
        """);
    changelogs.concurrent(
        "core",
        4,
        "index",
        "CREATE INDEX CONCURRENTLY customer_named ON customer (named) WHERE mood = 'ok';",
        "DROP INDEX CONCURRENTLY customer_named;");
    changelogs.changeset(
        "core",
        5,
        "more",
        """
        CREATE MATERIALIZED VIEW counted AS SELECT at, count(*) FROM customer GROUP BY at;
        CREATE FUNCTION polite() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          NEW.named := 'Dear ' || NEW.named;
          -- rollback is a word
          RETURN NEW;
        END $$;
        COMMENT ON TABLE customer IS 'Who buys';
        """,
        "COMMENT ON TABLE customer IS NULL;\nDROP FUNCTION polite;\nDROP MATERIALIZED VIEW counted;");
    changelogs.changeset(
        "core",
        6,
        "later",
        "CREATE TRIGGER polite BEFORE INSERT ON customer FOR EACH ROW EXECUTE FUNCTION polite();",
        "DROP TRIGGER polite ON customer;");
    changelogs.changeset(
        "shop",
        1,
        "buys",
        "ALTER TABLE country ADD COLUMN buys int DEFAULT 0;",
        "ALTER TABLE country DROP COLUMN buys;");
    Files.writeString(
        before.resolve("core/R__names.sql"),
        "CREATE OR REPLACE VIEW names AS SELECT named FROM customer;\n");
    Files.writeString(
        before.resolve("core/004_index.test.sql"),
        "--liquibase formatted sql\n--up\nSELECT named FROM customer;\n--> Ann\n");
    Files.writeString(
        before.resolve("core/lint.allow"),
        "# released\n001 missing-comment: old\n006 missing-comment: a trigger\n");
    after = copy("after");
  }

  @AfterEach
  void drop() {
    database.close();
  }

  @Test
  void oldDatabasesGoOnAndNewOnesBeginWithOne() throws Exception {
    // Modules that were applied in turns.
    upToThree(database);
    Path early = copy("early");
    for (String later : List.of("004_index", "005_more", "006_later")) {
      Files.delete(early.resolve("core/" + later + ".sql"));
    }
    run(migrations(early).up(SILENT));
    run(migrations(before).up(SILENT));

    assertThat(squash(after, 5))
        .isEqualTo(
            """
            exit 0
            out:
            %s
            err:
            it makes the same as core/001_country to core/005_more; 7 files deleted
            """
                .formatted(after.resolve("core/005_squashed.sql")));
    assertThat(files(after))
        .containsExactly(
            "core/005_squashed.sql",
            "core/006_later.sql",
            "core/R__names.sql",
            "core/lint.allow",
            "shop/001_buys.sql");
    assertThat(Files.readString(after.resolve("core/lint.allow")))
        .isEqualTo("# released\n006 missing-comment: a trigger\n");

    // One that replaces others is replaced with them.
    assertThat(Files.readString(after.resolve("core/005_squashed.sql")))
        .contains(
            "--replaces core/001_ancient 9:0123456789abcdef0123456789abcdef in core/001_country\n");

    // An old database stays as it is, and both builds are up to date.
    List<String> history = database.query(HISTORY);
    migrations(after).requireCompatible();
    assertThat(migrations(after).status().upToDate()).isTrue();
    assertThat(labels(migrations(after).up(SILENT))).isEmpty();
    assertThat(database.query(HISTORY)).isEqualTo(history);
    assertUpToDate(migrations(after));
    assertUpToDate(migrations(before));

    someAreRefusedUntilAllAreThere();

    try (TestDatabase fresh = TestDatabase.create()) {
      Migrations migrations = TestConfig.migrations(fresh, after);
      assertThat(labels(migrations.up(SILENT)))
          .containsExactly("core/005_squashed", "core/006_later", "shop/001_buys", "core/R__names");
      assertUpToDate(migrations);
      assertThat(schema(fresh).differences(schema(database))).isEmpty();
      assertThat(fresh.query(ROWS)).isEqualTo(database.query(ROWS)).hasSize(6);
      assertThat(TestConfig.migrations(fresh, before).up(SILENT).problems())
          .singleElement()
          .asString()
          .contains("the schema is newer than this application", "core/005_squashed");

      assertThat(
              labels(
                  migrations.goTo(
                      "core",
                      ChangesetVersion.NONE,
                      Migrations.Dependents.ROLL_BACK,
                      Approval.NONE,
                      SILENT)))
          .containsExactly("shop/001_buys", "core/006_later", "core/005_squashed");
    }

    // What is replaced goes together or not at all.
    MigrationResult down = migrations(after).down("core", 1, Approval.NONE, SILENT);
    assertThat(labels(down)).containsExactly("core/006_later");
    assertThat(pending(migrations(after).status())).containsExactly("core/006_later");
    assertThat(migrations(after).down("core", 1, Approval.NONE, SILENT).problems())
        .singleElement()
        .asString()
        .contains(
            "core/005_squashed replaces core/001_country, core/002_customer, core/003_rename, and 2 more, which can only be rolled back together");
    assertThat(
            labels(
                migrations(after)
                    .goTo(
                        "core",
                        ChangesetVersion.NONE,
                        Migrations.Dependents.ROLL_BACK,
                        Approval.NONE,
                        SILENT)))
        .containsExactly(
            "core/005_more",
            "core/004_index",
            "shop/001_buys",
            "core/003_rename",
            "core/002_customer",
            "core/001_country");
    assertThat(labels(migrations(after).up(SILENT)))
        .containsExactly("core/005_squashed", "core/006_later", "shop/001_buys", "core/R__names");
    assertUpToDate(migrations(after));
  }

  private void someAreRefusedUntilAllAreThere() throws Exception {
    try (TestDatabase part = TestDatabase.create()) {
      upToThree(part);
      Migrations migrations = TestConfig.migrations(part, after);
      String problem =
          "core/005_squashed replaces changesets of which only some are applied: core/001_country, core/002_customer, core/003_rename; not applied: core/004_index, core/005_more";
      assertThat(migrations.up(SILENT).problems())
          .singleElement()
          .asString()
          .contains(problem, "sheaf migrate up --module core --to 5", "goto 0 --module core");
      try (Connection connection = part.connect()) {
        assertThat(migrations.compatibility(connection).reason()).isEqualTo(problem);
      }
      SchemaStatus.Module core = migrations.status().modules().getFirst();
      assertThat(core.pending())
          .containsExactly("core/005_squashed", "core/006_later", "core/R__names");
      assertThat(core.unknown())
          .containsExactly("core/001_country", "core/002_customer", "core/003_rename");
      assertThat(core.applied()).isEqualTo(3);

      up(part, before, "core", 5L);
      assertThat(labels(migrations.up(SILENT)))
          .containsExactly("core/006_later", "shop/001_buys", "core/R__names");
      assertUpToDate(migrations);

      // What a person records means the same.
      Approval repaired = new Approval(null, "by hand");
      run(
          TestConfig.migrations(part, before)
              .force("core", ChangesetVersion.of(3), repaired, SILENT));
      run(migrations.force("core", ChangesetVersion.of(6), repaired, SILENT));
      assertThat(
              part.query(
                  "SELECT id FROM databasechangelog WHERE author = 'core' AND id <> 'R__names' ORDER BY 1"))
          .containsExactly("005", "006");
    }
  }

  @Test
  void whatOneChangesetCannotMakeIsRefused() throws Exception {
    TestChangelogs changelogs = new TestChangelogs(before);
    List<String> files = files(before);
    assertThat(squash(before, 2))
        .contains("core/003_rename requires the backfill core/002_customer");
    assertThat(squash(before, 1)).contains("core/001_country is the only changeset up to 1");
    assertThat(squash(before, 9)).contains("module core has no version 9", "001 to 006");
    assertThat(files(before)).isEqualTo(files);

    changelogs.changeset(
        "shop",
        2,
        "random",
        "CREATE TABLE secret (key uuid DEFAULT gen_random_uuid()); INSERT INTO secret DEFAULT VALUES;",
        "DROP TABLE secret;");
    changelogs.changeset(
        "shop", 3, "europe", "UPDATE country SET buys = 1;", "UPDATE country SET buys = 0;");
    changelogs.changeset(
        "shop",
        4,
        "many",
        "CREATE TABLE many AS SELECT generate_series(1, 1001);",
        "DROP TABLE many;");
    changelogs.changeset("shop", 5, "role", "CREATE ROLE nobody_here;", "DROP ROLE nobody_here;");
    files = files(before);
    assertThat(squash(before, "shop", 2))
        .startsWith("exit 1")
        .contains("shop/002_random writes other rows each time", "public.secret");
    assertThat(squash(before, "shop", 3))
        .contains("shop/001_buys changes rows of public.country, which are of another module");
    assertThat(squash(before, "shop", 5))
        .contains("shop/005_role changes the server, and not only the database: CREATE ROLE");
    assertThat(files(before)).isEqualTo(files);
  }

  /// Nothing is pending, different or unproven.
  private static void assertUpToDate(Migrations migrations) {
    SchemaStatus status = migrations.status();
    assertThat(status.upToDate()).isTrue();
    assertThat(pending(status)).isEmpty();
    assertThat(status.modules()).allMatch(module -> module.unknown().isEmpty());
    assertThat(migrations.verify()).isEmpty();
    assertThat(migrations.prove(new ProofSelection.Pending(), null, _ -> {})).isEmpty();
  }

  private static List<String> pending(SchemaStatus status) {
    return status.modules().stream().flatMap(module -> module.pending().stream()).toList();
  }

  private Migrations migrations(Path root) {
    return TestConfig.migrations(database, root);
  }

  /// With the backfill that no service runs here.
  private void upToThree(TestDatabase on) throws SQLException {
    up(on, before, "core", 2L);
    on.execute("UPDATE backfill SET state = 'done'");
    up(on, before, "core", 3L);
  }

  private static void up(TestDatabase on, Path root, String module, long to) {
    run(
        TestConfig.migrations(on, root)
            .up(new Migrations.Scope(module, ChangesetVersion.of(to)), Approval.NONE, SILENT));
  }

  private static void run(MigrationResult result) {
    assertThat(result.problems()).isEmpty();
  }

  private static List<String> labels(MigrationResult result) {
    run(result);
    return result.executed().stream().map(MigrationResult.Executed::changeset).toList();
  }

  private Path copy(String name) throws IOException {
    try (ChangelogCopy copy = ChangelogCopy.of(before)) {
      Path target = directory.resolve(name);
      new ChangelogCopy(target, copy.directory()).takeOver(List.of());
      return target;
    }
  }

  private String squash(Path root, long to) {
    return squash(root, "core", to);
  }

  private String squash(Path root, String module, long to) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int exit =
        Cli.commandLine(new PrintWriter(out, true), new PrintWriter(err, true))
            .execute(
                "migrate",
                "squash",
                "--module",
                module,
                "--to",
                "" + to,
                "--scratch",
                PasswordFile.url(database.address()),
                "--root",
                root.toString());
    return "exit " + exit + "\nout:\n" + out + "err:\n" + err;
  }

  private static List<String> files(Path root) throws IOException {
    List<String> files = new ArrayList<>();
    try (Stream<Path> all = Files.walk(root)) {
      all.filter(Files::isRegularFile)
          .map(file -> root.relativize(file).toString())
          .sorted()
          .forEach(files::add);
    }
    return files;
  }

  private static CatalogSnapshot schema(TestDatabase database) throws SQLException {
    try (Connection connection = database.connect()) {
      return CatalogSnapshot.of(connection).withoutEngine();
    }
  }
}
