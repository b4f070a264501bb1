package dev.sheaf.migration.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sheaf.migration.Approval;
import dev.sheaf.migration.MigrationListener;
import dev.sheaf.migration.MigrationResult;
import dev.sheaf.migration.RollbackProof;
import dev.sheaf.migration.RollbackProof.Verdict;
import dev.sheaf.migration.TestConfig;
import dev.sheaf.migration.catalog.CatalogSnapshot;
import dev.sheaf.migration.changelog.ChangelogFile;
import dev.sheaf.runtime.OperatorException;
import dev.sheaf.testing.Psql;
import dev.sheaf.testing.TestDatabase;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The files of other tools have the same effect as the same SQL in `psql`, and every verb works on
/// them. [FiveToolsIT] compares those of tools with a history.
class LayoutsIT {

  private static final MigrationListener SILENT = new MigrationListener() {};

  @TempDir private Path root;

  /// A migration, as its author thinks of it.
  ///
  /// @param framed whether its author wrote BEGIN and COMMIT, where the tool lets him
  record Step(
      int number, String name, String up, String down, boolean transactional, boolean framed) {

    /// The same on other objects.
    Step of(String module) {
      return new Step(
          number,
          named(module, name),
          named(module, up),
          named(module, down),
          transactional,
          framed);
    }

    private static String named(String module, String text) {
      return text.replaceAll("\\b(customer|lower_case|purchase)", module + "_$1");
    }

    String slug() {
      return ChangelogFile.digits(number) + "_" + name;
    }

    String framedUp() {
      return framed ? "BEGIN;\n" + up + "COMMIT;\n" : up;
    }

    String framedDown() {
      return framed ? "begin transaction;\n" + down + "end;\n" : down;
    }
  }

  private static final List<Step> STEPS =
      List.of(
          new Step(
              1,
              "customer",
              """
              -- Who buys; see the wiki.
              CREATE TABLE customer (
                id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                email text NOT NULL -- in lower case; unique
              );
              COMMENT ON TABLE customer IS 'Who buys; "down" is -- no annotation';
              """,
              "DROP TABLE customer;\n",
              true,
              false),
          new Step(
              2,
              "lower_case",
              """
              CREATE FUNCTION lower_case() RETURNS trigger LANGUAGE plpgsql AS $$
              BEGIN
                NEW.email := lower(NEW.email);
                RETURN NEW;
              END $$;
              CREATE TRIGGER customer_lower_case BEFORE INSERT ON customer FOR EACH ROW EXECUTE FUNCTION lower_case();
              """,
              "DROP TRIGGER customer_lower_case ON customer;\nDROP FUNCTION lower_case;\n",
              true,
              false),
          new Step(
              3,
              "email_idx",
              "CREATE INDEX CONCURRENTLY customer_email_idx ON customer (email);\n",
              "DROP INDEX CONCURRENTLY customer_email_idx;\n",
              false,
              false),
          new Step(
              4,
              "purchase",
              """
              CREATE TABLE purchase (customer_id bigint NOT NULL REFERENCES customer, at timestamptz NOT NULL);
              CREATE INDEX purchase_customer_idx ON purchase (customer_id);
              """,
              "DROP TABLE purchase;\n",
              true,
              true));

  /// How a tool's users write a migration.
  enum Layout {
    GOLANG_MIGRATE {
      @Override
      Map<String, String> files(Step step) {
        return Map.of(
            step.slug() + ".up.sql", step.framedUp(), step.slug() + ".down.sql", step.framedDown());
      }
    },
    PLAIN_WITH_DOWN {
      @Override
      Map<String, String> files(Step step) {
        return Map.of(
            step.slug() + ".sql", step.framedUp(), step.slug() + "_down.sql", step.framedDown());
      }
    },
    TERN {
      @Override
      Map<String, String> files(Step step) {
        return Map.of(
            step.slug() + ".sql",
            step.up() + "\n---- create above / drop below ----\n\n" + step.down());
      }
    },
    GOOSE {
      @Override
      Map<String, String> files(Step step) {
        String up = step.up();
        if (up.contains("$$")) {
          up =
              "-- +goose StatementBegin\n"
                  + up.replace("END $$;\n", "END $$;\n-- +goose StatementEnd\n");
        }
        return Map.of(
            "2026110100000" + step.number() + "_" + step.name() + ".sql",
            (step.transactional() ? "" : "-- +goose NO TRANSACTION\n")
                + "-- +goose Up\n"
                + up
                + "\n-- +goose Down\n"
                + step.down());
      }
    },
    SQL_MIGRATE {
      @Override
      Map<String, String> files(Step step) {
        String mark = step.transactional() ? "" : " notransaction";
        return Map.of(
            step.slug() + ".sql",
            "-- +migrate Up%s\n%s-- +migrate Down%s\n%s"
                .formatted(mark, step.up(), mark, step.down()));
      }
    },
    DBMATE {
      @Override
      Map<String, String> files(Step step) {
        String mark = step.transactional() ? "" : " transaction:false";
        return Map.of(
            "2026110100000" + step.number() + "_" + step.name() + ".sql",
            "-- migrate:up%s\n%s\n-- migrate:down%s\n%s"
                .formatted(mark, step.up(), mark, step.down()));
      }
    },
    FLYWAY {
      @Override
      Map<String, String> files(Step step) {
        return Map.of(
            "V" + step.number() + "__" + step.name() + ".sql",
            step.up(),
            "U" + step.number() + "__" + step.name() + ".sql",
            step.down());
      }
    };

    /// The module that is written so.
    String module() {
      return name().toLowerCase(Locale.ROOT);
    }

    List<Step> steps() {
      return STEPS.stream().map(step -> step.of(module())).toList();
    }

    /// The contents of a migration's files, by name.
    abstract Map<String, String> files(Step step);
  }

  private static final List<Layout> WITHOUT_A_TOOL =
      List.of(Layout.PLAIN_WITH_DOWN, Layout.TERN, Layout.SQL_MIGRATE);

  /// Each layout is a module with tables of its own, so that one database and one proof are enough.
  @Test
  void haveTheEffectOfPsql() throws Exception {
    table("core");
    try (TestDatabase psql = TestDatabase.create();
        TestDatabase sheaf = TestDatabase.create()) {
      psql(psql, "CREATE TABLE core_first ();");
      for (Layout layout : WITHOUT_A_TOOL) {
        Path module = Files.createDirectories(root.resolve(layout.module()));
        for (Step step : layout.steps()) {
          write(module, layout.files(step));
          psql(psql, step.up());
        }
      }

      assertThat(run(migrations(sheaf).up(SILENT))).hasSize(1 + 4 * WITHOUT_A_TOOL.size());
      Map<String, String> all = catalog(psql);
      assertThat(catalog(sheaf)).isEqualTo(all);
      assertThat(migrations(sheaf).verify()).isEmpty();

      for (Layout layout : WITHOUT_A_TOOL) {
        psql(psql, layout.steps().getLast().down());
        run(migrations(sheaf).down(layout.module(), 1, Approval.NONE, SILENT));
      }
      assertThat(catalog(sheaf)).isEqualTo(catalog(psql));

      run(migrations(sheaf).up(SILENT));
      assertThat(catalog(sheaf)).isEqualTo(all);
      assertThat(migrations(sheaf).status().upToDate()).isTrue();
      assertThat(migrations(sheaf).prove(new ProofSelection.All(), null, _ -> {}))
          .extracting(RollbackProof::verdict)
          .containsOnly(Verdict.PROVEN);

      renamedAndConverted(sheaf);
    }
  }

  /// The same SQL in formatted files, with numbers of the same value, is the same history.
  private void renamedAndConverted(TestDatabase sheaf) throws Exception {
    for (Layout layout : WITHOUT_A_TOOL) {
      Path module = root.resolve(layout.module());
      delete(module);
      for (Step step : layout.steps()) {
        String name = layout.files(step).keySet().iterator().next();
        String digits = ChangelogFile.version(name).digits();
        write(
            module,
            Map.of(
                digits + "_" + step.name() + ".sql",
                "--liquibase formatted sql\n--changeset %s:%s%s\n%s\n--rollback %s"
                    .formatted(
                        layout.module(),
                        digits,
                        step.transactional() ? "" : " runInTransaction:false",
                        step.up(),
                        step.down().strip().replace("\n", "\n--rollback "))));
      }
    }

    assertThat(run(migrations(sheaf).up(SILENT))).isEmpty();
    assertThat(migrations(sheaf).status().upToDate()).isTrue();
    for (Layout layout : WITHOUT_A_TOOL) {
      run(migrations(sheaf).down(layout.module(), 4, Approval.NONE, SILENT));
    }
    assertThat(catalog(sheaf).keySet()).noneMatch(object -> object.contains("customer"));
  }

  /// Without any file or section for a rollback, everything but rolling back works, and a rollback
  /// can be derived, also of what is applied.
  @Test
  void aRollbackCanBeDerived() throws Exception {
    table("core");
    List<Layout> layouts =
        List.of(
            Layout.GOLANG_MIGRATE,
            Layout.PLAIN_WITH_DOWN,
            Layout.GOOSE,
            Layout.DBMATE,
            Layout.FLYWAY);
    for (Layout layout : layouts) {
      Path module = Files.createDirectories(root.resolve(layout.module()));
      layout
          .files(layout.steps().getFirst())
          .forEach((name, text) -> {
            if (!name.matches("U.*|.*down\\.sql")) {
              write(
                  module,
                  Map.of(name, text.replaceFirst("(?s)-- (\\+goose Down|migrate:down).*", "")));
            }
          });
    }
    try (TestDatabase database = TestDatabase.create()) {
      MigrationResult up = migrations(database).up(SILENT);
      assertThat(run(up)).hasSize(1 + layouts.size());
      assertThat(up.notes()).singleElement().asString().startsWith("without a rollback: dbmate/");
      for (Layout layout : layouts) {
        assertThat(migrations(database).down(layout.module(), 1, Approval.NONE, SILENT).problems())
            .singleElement()
            .asString()
            .contains("_customer has no rollback - write it");
      }
      assertThat(migrations(database).prove(new ProofSelection.All(), "flyway", _ -> {}))
          .extracting(RollbackProof::reason)
          .containsExactly("flyway/V1__flyway_customer has no rollback");

      for (Layout layout : layouts) {
        Path file = files(root.resolve(layout.module())).getFirst();
        assertThat(migrations(database).deriveRollback(file).open()).isEmpty();
      }

      assertThat(migrations(database).prove(new ProofSelection.All(), null, _ -> {}))
          .extracting(RollbackProof::verdict)
          .containsOnly(Verdict.PROVEN);
      assertThat(run(migrations(database).up(SILENT))).isEmpty();
      for (Layout layout : layouts) {
        run(migrations(database).down(layout.module(), 1, Approval.NONE, SILENT));
      }
      assertThat(catalog(database).keySet()).noneMatch(object -> object.contains("customer"));
    }
  }

  private void table(String module) throws IOException {
    write(
        Files.createDirectories(root.resolve(module)),
        Map.of(
            "001_first.up.sql",
            "CREATE TABLE core_first ();",
            "001_first.down.sql",
            "DROP TABLE core_first;"));
  }

  /// A replica without the files rolls back with what the database stored.
  @Test
  void theRollbackOfAPairIsStored() throws Exception {
    Path module = Files.createDirectories(root.resolve("core"));
    try (TestDatabase database = TestDatabase.create()) {
      for (Step step : STEPS) {
        write(module, Layout.GOLANG_MIGRATE.files(step));
      }
      run(migrations(database).up(SILENT));
      Files.delete(module.resolve("004_purchase.up.sql"));
      Files.delete(module.resolve("004_purchase.down.sql"));

      assertThat(run(migrations(database).down("core", 1, Approval.NONE, SILENT)))
          .containsExactly("core/004_purchase");
      assertThat(database.query("SELECT to_regclass('purchase') IS NULL")).containsExactly("t");
    }
  }

  @Test
  void aChangedFileIsNoticed() throws Exception {
    try (TestDatabase database = TestDatabase.create()) {
      write(root, Layout.GOLANG_MIGRATE.files(STEPS.getFirst()));
      run(migrations(database).up(SILENT));

      write(root, Map.of("001_customer.down.sql", "DROP TABLE IF EXISTS customer;"));
      assertThat(run(migrations(database).up(SILENT))).isEmpty();
      assertThat(database.query("SELECT statements::text FROM schema_rollback"))
          .containsExactly("{\"DROP TABLE IF EXISTS customer\"}");

      write(root, Map.of("001_customer.up.sql", "CREATE TABLE customer ();"));
      assertThat(migrations(database).up(SILENT).problems())
          .singleElement()
          .asString()
          .contains("core/001_customer.up.sql was modified after it was applied");
    }
  }

  private static void psql(TestDatabase database, String sql) throws Exception {
    Psql.run(database.address(), sql);
  }

  private Migrations migrations(TestDatabase database) {
    return TestConfig.migrations(database, root);
  }

  private static List<String> run(MigrationResult result) {
    assertThat(result.problems()).extracting(OperatorException::getMessage).isEmpty();
    return result.executed().stream().map(MigrationResult.Executed::changeset).toList();
  }

  private static void write(Path directory, Map<String, String> files) {
    files.forEach((name, text) -> writeUnchecked(directory.resolve(name), text));
  }

  private static void writeUnchecked(Path file, String text) {
    try {
      Files.writeString(file, text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void delete(Path directory) throws IOException {
    for (Path file : files(directory)) {
      Files.delete(file);
    }
  }

  private static List<Path> files(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.sorted(Comparator.naturalOrder()).toList();
    }
  }

  private static Map<String, String> catalog(TestDatabase database) throws SQLException {
    try (Connection connection = database.connect()) {
      return CatalogSnapshot.of(connection).withoutEngine().objects();
    }
  }
}
