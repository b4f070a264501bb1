package dev.sheaf.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sheaf.migration.Approval;
import dev.sheaf.migration.MigrationListener;
import dev.sheaf.migration.TestConfig;
import dev.sheaf.migration.catalog.CatalogSnapshot;
import dev.sheaf.migration.changelog.ChangesetVersion;
import dev.sheaf.migration.engine.Migrations;
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

/// `create --from-database` and `--from-schema`: what is written makes the schema of the database,
/// and its rollback undoes that.
class CreateFromSchemaIT {

  private static final MigrationListener SILENT = new MigrationListener() {};

  private static final String FIRST =
      """
      CREATE TYPE mood AS ENUM ('sad', 'ok');
      CREATE TABLE customer (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email text NOT NULL);
      CREATE TABLE "Order x" (id serial PRIMARY KEY, customer bigint, at timestamptz DEFAULT now());
      CREATE FUNCTION twice(n int) RETURNS int LANGUAGE sql AS 'SELECT n * 2';
      CREATE VIEW recent AS SELECT id, twice(id) AS two FROM "Order x";
      CREATE TABLE schema_migrations (version bigint NOT NULL PRIMARY KEY, dirty boolean NOT NULL);
      """;

  private static final String SECOND =
      """
      ALTER TABLE "Order x" ADD CONSTRAINT order_customer FOREIGN KEY (customer) REFERENCES customer;
      ALTER TABLE customer ADD COLUMN name varchar(40) DEFAULT 'x', ALTER COLUMN email DROP NOT NULL;
      CREATE INDEX order_customer_idx ON "Order x" (customer);
      CREATE TABLE note (id int PRIMARY KEY, customer bigint REFERENCES customer, mood mood);
      CREATE INDEX note_idx ON note (customer);
      CREATE OR REPLACE VIEW recent AS SELECT id, twice(id) AS two, at FROM "Order x";
      COMMENT ON TABLE customer IS 'Who buys';
      """;

  @TempDir private Path directory;
  private Path root;
  private TestDatabase database;

  @BeforeEach
  void create() throws IOException {
    database = TestDatabase.create();
    root = Files.createDirectories(directory.resolve("changelog"));
  }

  @AfterEach
  void drop() {
    database.close();
  }

  @Test
  void theChangelogsFollowADatabase() throws Exception {
    database.execute(FIRST);
    assertThat(fromDatabase("base")).startsWith("exit 0").contains("core/001_base.sql");
    assertThat(fromDatabase("more"))
        .isEqualTo("exit 0\nout:\nerr:\nthe changelogs make this schema\n");

    database.execute(SECOND);
    String created = fromDatabase("more");
    assertThat(created)
        .startsWith("exit 0")
        .contains("002_more", "003_more_indexes", "004_more_constraints");
    assertThat(Files.readString(root.resolve("core/003_more_indexes.sql")))
        .contains("CREATE INDEX CONCURRENTLY order_customer_idx", "runInTransaction:false")
        .doesNotContain("note_idx");
    assertThat(Files.readString(root.resolve("core/004_more_constraints.sql")))
        .contains("VALIDATE CONSTRAINT order_customer");

    try (TestDatabase migrated = TestDatabase.create()) {
      Migrations migrations = TestConfig.migrations(migrated, root);
      assertThat(migrations.up(SILENT).problems()).isEmpty();
      CatalogSnapshot head = schema(migrated);
      database.execute("DROP TABLE schema_migrations");
      assertThat(schema(database).differences(head)).isEmpty();
      assertThat(migrations.goTo("core", ChangesetVersion.of(1), Approval.NONE, SILENT).problems())
          .isEmpty();
      assertThat(migrations.up(SILENT).problems()).isEmpty();
      assertThat(schema(migrated)).isEqualTo(head);
    }
  }

  @Test
  void aFileIsASchemaToo() throws Exception {
    Path file = directory.resolve("wanted.sql");
    Files.writeString(file, "CREATE TABLE a (id int);");
    assertThat(sheaf("base", "--from-schema", file.toString())).startsWith("exit 0");
    assertThat(Files.readString(root.resolve("core/001_base.sql")))
        .contains("CREATE TABLE a (\n    id integer\n);", "--rollback DROP TABLE a;");
    Files.writeString(file, FIRST + "SELECT 1; \\restrict x\n");
    assertThat(sheaf("base", "--from-schema", file.toString())).startsWith("exit 1");
  }

  /// Nothing is written then.
  @Test
  void whatCannotBeWrittenIsNamed() throws Exception {
    database.execute(FIRST);
    fromDatabase("base");
    List<String> before = files();
    database.execute(
        """
        DROP TABLE customer;
        CREATE AGGREGATE longest(text) (sfunc = textcat, stype = text);
        CREATE TABLE extra ();
        """);

    assertThat(fromDatabase("more"))
        .startsWith("exit 1")
        .contains(
            "DROP TABLE customer can lose rows",
            "Sheaf cannot write function public.longest(text)");
    assertThat(files()).isEqualTo(before);

    database.execute(
        "DROP AGGREGATE longest(text); CREATE TABLE customer (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email text NOT NULL); ALTER TYPE mood ADD VALUE 'glad' AFTER 'sad'");
    assertThat(fromDatabase("more"))
        .startsWith("exit 1")
        .contains("not written, because it has no rollback", "'glad' of type mood");
    assertThat(files()).isEqualTo(before);
  }

  private String fromDatabase(String name) {
    return sheaf(name, "--from-database", PasswordFile.url(database.address()));
  }

  private String sheaf(String name, String... arguments) {
    List<String> all =
        new ArrayList<>(
            List.of(
                "migrate",
                "create",
                name,
                "--module",
                "core",
                "--scratch",
                PasswordFile.url(database.address()),
                "--root",
                root.toString()));
    all.addAll(List.of(arguments));
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int exit =
        Cli.commandLine(new PrintWriter(out, true), new PrintWriter(err, true))
            .execute(all.toArray(String[]::new));
    return "exit " + exit + "\nout:\n" + out + "err:\n" + err;
  }

  private List<String> files() throws IOException {
    try (Stream<Path> all = Files.walk(root)) {
      return all.map(Path::toString).sorted().toList();
    }
  }

  private static CatalogSnapshot schema(TestDatabase database) throws SQLException {
    try (Connection connection = database.connect()) {
      return CatalogSnapshot.of(connection).ofChangelogs();
    }
  }
}
