package dev.sheaf.migration.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sheaf.migration.Approval;
import dev.sheaf.migration.MigrationListener;
import dev.sheaf.migration.MigrationResult;
import dev.sheaf.migration.RollbackProof;
import dev.sheaf.migration.RollbackProof.Verdict;
import dev.sheaf.migration.TestConfig;
import dev.sheaf.migration.catalog.CatalogSnapshot;
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
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The files of other tools have the same effect as the same SQL in `psql`, and every verb works on
/// them.
class LayoutsIT {

  private static final MigrationListener SILENT = new MigrationListener() {};

  @TempDir private Path root;

  /// A migration, as its author thinks of it.
  ///
  /// @param framed whether its author wrote BEGIN and COMMIT, where the tool lets him
  private record Step(
      int number, String name, String up, String down, boolean transactional, boolean framed) {

    String slug() {
      return "%03d_%s".formatted(number, name);
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
            "202611010000%02d_%s.sql".formatted(step.number(), step.name()),
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
            "202611010000%02d_%s.sql".formatted(step.number(), step.name()),
            "-- migrate:up%s\n%s\n-- migrate:down%s\n%s"
                .formatted(mark, step.up(), mark, step.down()));
      }
    },
    FLYWAY {
      @Override
      Map<String, String> files(Step step) {
        return Map.of(
            "V%d__%s.sql".formatted(step.number(), step.name()),
            step.up(),
            "U%d__%s.sql".formatted(step.number(), step.name()),
            step.down());
      }
    };

    /// The contents of a migration's files, by name.
    abstract Map<String, String> files(Step step);
  }

  @ParameterizedTest
  @EnumSource
  void haveTheEffectOfPsql(Layout layout) throws Exception {
    Path module = Files.createDirectories(root.resolve("core"));
    try (TestDatabase psql = TestDatabase.create();
        TestDatabase sheaf = TestDatabase.create()) {
      for (Step step : STEPS) {
        write(module, layout.files(step));
        Psql.run(psql.address(), step.up());
      }

      assertThat(run(migrations(sheaf).up(SILENT))).hasSize(4);
      Map<String, String> all = catalog(psql);
      assertThat(catalog(sheaf)).isEqualTo(all);
      assertThat(migrations(sheaf).verify()).isEmpty();

      Psql.run(psql.address(), STEPS.getLast().down());
      run(migrations(sheaf).down("core", 1, Approval.NONE, SILENT));
      assertThat(catalog(sheaf)).isEqualTo(catalog(psql));

      run(migrations(sheaf).up(SILENT));
      assertThat(catalog(sheaf)).isEqualTo(all);
      assertThat(migrations(sheaf).status().upToDate()).isTrue();
      assertThat(migrations(sheaf).prove(new ProofSelection.All(), null, _ -> {}))
          .extracting(RollbackProof::verdict)
          .containsOnly(Verdict.PROVEN)
          .hasSize(4);

      renamedAndConverted(sheaf, module, layout);
    }
  }

  /// The same SQL in formatted files, with numbers of the same value, is the same history.
  private void renamedAndConverted(TestDatabase sheaf, Path module, Layout layout)
      throws Exception {
    delete(module);
    for (Step step : STEPS) {
      String number = layout.files(step).keySet().iterator().next().replaceAll("\\D*(\\d+)_.*", "$1");
      String digits = "%03d".formatted(Long.parseLong(number));
      write(
          module,
          Map.of(
              digits + "_" + step.name() + ".sql",
              "--liquibase formatted sql\n--changeset core:%s%s\n%s\n--rollback %s"
                  .formatted(
                      digits,
                      step.transactional() ? "" : " runInTransaction:false",
                      step.up(),
                      step.down().strip().replace("\n", "\n--rollback "))));
    }

    MigrationResult result = migrations(sheaf).up(SILENT);
    assertThat(run(result)).isEmpty();
    assertThat(migrations(sheaf).status().upToDate()).isTrue();
    assertThat(sheaf.query("SELECT count(*) FROM databasechangelog")).containsExactly("4");
    assertThat(run(migrations(sheaf).down("core", 4, Approval.NONE, SILENT))).hasSize(4);
    assertThat(catalog(sheaf).keySet()).noneMatch(object -> object.contains("customer"));
  }

  /// Without any file or section for a rollback, everything but rolling back works, and a rollback
  /// can be derived, also of what is applied.
  @ParameterizedTest
  @EnumSource(names = {"GOLANG_MIGRATE", "PLAIN_WITH_DOWN", "GOOSE", "DBMATE", "FLYWAY"})
  void aRollbackCanBeDerived(Layout layout) throws Exception {
    for (Step step : STEPS) {
      layout.files(step).forEach((name, text) -> {
        if (!name.matches("U.*|.*down\\.sql")) {
          writeUnchecked(
              root.resolve(name), text.replaceFirst("(?s)-- (\\+goose Down|migrate:down).*", ""));
        }
      });
    }
    List<Path> files = files(root);
    try (TestDatabase database = TestDatabase.create()) {
      MigrationResult up = migrations(database).up(SILENT);
      assertThat(run(up)).hasSize(4);
      assertThat(up.notes()).singleElement().asString().startsWith("without a rollback: core/");
      assertThat(migrations(database).down("core", 1, Approval.NONE, SILENT).problems())
          .singleElement()
          .asString()
          .contains("purchase has no rollback - write it");
      assertThat(migrations(database).prove(new ProofSelection.One(files.getLast()), null, _ -> {}))
          .extracting(RollbackProof::verdict)
          .containsExactly(Verdict.FAILED);

      for (Path file : files) {
        assertThat(migrations(database).deriveRollback(file).open()).isEmpty();
      }

      assertThat(migrations(database).prove(new ProofSelection.All(), null, _ -> {}))
          .extracting(RollbackProof::verdict)
          .containsOnly(Verdict.PROVEN);
      assertThat(run(migrations(database).up(SILENT))).isEmpty();
      assertThat(run(migrations(database).down("core", 4, Approval.NONE, SILENT))).hasSize(4);
    }
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
