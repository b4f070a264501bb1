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
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The same twenty migrations in the files of five tools, each with what the tool's documentation
/// allows, adopted at the eighteenth, and compared with what the tool does: its files in `psql`, in
/// its order.
class FiveToolsIT {

  private static final MigrationListener SILENT = new MigrationListener() {};

  /// Without, one of them is tried.
  private static final boolean EVERY_TOOL = Boolean.getBoolean("sheaf.soak.every-tool");

  /// As many migrations are applied when Sheaf takes over.
  private static final int APPLIED = 18;

  @TempDir private Path root;

  /// A migration, as its author thinks of it.
  record Step(String name, String up, String down) {

    boolean isTransactional() {
      return !up.contains("CONCURRENTLY");
    }
  }

  private static final List<Step> STEPS =
      List.of(
          new Step(
              "customer",
              """
              -- Who buys; see the wiki.
              CREATE TABLE customer (
                id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                email      text NOT NULL, -- in any case; unique later
                updated_at timestamptz NOT NULL DEFAULT now()
              );
              COMMENT ON TABLE customer IS 'Who buys; "down" is -- no annotation';
              """,
              "DROP TABLE customer;\n"),
          new Step(
              "product",
              """
              CREATE TABLE product (
                id    int PRIMARY KEY,
                name  text NOT NULL CHECK (name <> ''),
                price numeric(10, 2) NOT NULL CHECK (price >= 0),
                data  jsonb NOT NULL DEFAULT '{}'
              );
              CREATE TABLE vat (country text PRIMARY KEY, rate int NOT NULL);
              """,
              "DROP TABLE vat;\nDROP TABLE product;\n"),
          new Step(
              "purchase",
              """
              CREATE TYPE purchase_state AS ENUM ('open', 'paid');
              CREATE TABLE purchase (
                id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                customer_id bigint NOT NULL REFERENCES customer,
                state       purchase_state NOT NULL DEFAULT 'open',
                at          timestamptz NOT NULL DEFAULT now()
              );
              """,
              "DROP TABLE purchase;\nDROP TYPE purchase_state;\n"),
          new Step(
              "line",
              """
              CREATE TABLE line (
                purchase_id bigint REFERENCES purchase ON DELETE CASCADE,
                product_id  int REFERENCES product,
                quantity    int NOT NULL DEFAULT 1,
                PRIMARY KEY (purchase_id, product_id)
              );
              """,
              "DROP TABLE line;\n"),
          new Step(
              "purchase_idx",
              "CREATE INDEX purchase_customer_idx ON purchase (customer_id, at DESC);\n",
              "DROP INDEX purchase_customer_idx;\n"),
          new Step(
              "line_idx",
              """
              SET statement_timeout = 0;
              CREATE INDEX CONCURRENTLY line_product_idx ON line (product_id);
              """,
              "DROP INDEX CONCURRENTLY line_product_idx;\n"),
          new Step(
              "touch",
              """
              CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $body$
              BEGIN
                IF NEW IS DISTINCT FROM OLD THEN
                  NEW.updated_at := now(); -- not clock_timestamp()
                END IF;
                RETURN NEW;
              END;
              $body$;
              CREATE TRIGGER customer_touch BEFORE UPDATE ON customer FOR EACH ROW EXECUTE FUNCTION touch();
              """,
              "DROP TRIGGER customer_touch ON customer;\nDROP FUNCTION touch();\n"),
          new Step(
              "rates",
              """
              INSERT INTO vat VALUES ('it''s; fine', 1), ('-- migrate:down', 2), (E'tab\\t$$', 3);
              """,
              "DELETE FROM vat WHERE country IN ('it''s; fine', '-- migrate:down', E'tab\\t$$');\n"),
          new Step(
              "sales",
              """
              CREATE VIEW sales AS
              SELECT l.product_id, sum(l.quantity * p.price) AS total
                FROM line l
                JOIN product p ON p.id = l.product_id
               GROUP BY l.product_id;
              """,
              "DROP VIEW sales;\n"),
          new Step(
              "returned",
              "ALTER TYPE purchase_state ADD VALUE IF NOT EXISTS 'returned' AFTER 'paid';\n",
              """
              ALTER TABLE purchase ALTER COLUMN state DROP DEFAULT;
              ALTER TYPE purchase_state RENAME TO purchase_state_old;
              CREATE TYPE purchase_state AS ENUM ('open', 'paid');
              ALTER TABLE purchase ALTER COLUMN state TYPE purchase_state
                USING (CASE state::text WHEN 'returned' THEN 'open' ELSE state::text END)::purchase_state;
              ALTER TABLE purchase ALTER COLUMN state SET DEFAULT 'open';
              DROP TYPE purchase_state_old;
              """),
          new Step(
              "country",
              """
              ALTER TABLE customer ADD COLUMN country char(2) NOT NULL DEFAULT 'CH';
              COMMENT ON COLUMN customer.country IS 'ISO 3166; "" is none';
              """,
              "ALTER TABLE customer DROP COLUMN country;\n"),
          new Step(
              "cheaper",
              "UPDATE vat SET rate = rate # 1;\n",
              "-- the old prices are kept elsewhere\nUPDATE vat SET rate = rate # 1;\n"),
          new Step(
              "totals",
              """
              CREATE MATERIALIZED VIEW totals AS SELECT product_id, total FROM sales WITH DATA;
              CREATE UNIQUE INDEX totals_idx ON totals (product_id);
              """,
              "DROP MATERIALIZED VIEW totals;\n"),
          new Step(
              "grants",
              "GRANT SELECT ON sales, totals TO PUBLIC;\n",
              "REVOKE SELECT ON sales, totals FROM PUBLIC;\n"),
          new Step(
              "email_idx",
              """
              CREATE UNIQUE INDEX customer_email_idx ON customer (lower(email));
              CREATE INDEX purchase_open_idx ON purchase (at) WHERE state = 'open';
              """,
              "DROP INDEX purchase_open_idx;\nDROP INDEX customer_email_idx;\n"),
          new Step(
              "invoice",
              """
              CREATE SEQUENCE invoice_number START 1000 INCREMENT 5;
              ALTER TABLE purchase ADD COLUMN invoice bigint DEFAULT nextval('invoice_number');
              ALTER SEQUENCE invoice_number OWNED BY purchase.invoice;
              """,
              "ALTER TABLE purchase DROP COLUMN invoice;\n"),
          new Step(
              "audit",
              """
              DO $do$
              DECLARE
                t text;
              BEGIN
                FOREACH t IN ARRAY ARRAY['customer', 'product'] LOOP
                  EXECUTE format($f$CREATE TABLE %I (LIKE %I, at timestamptz NOT NULL DEFAULT now())$f$, t || '_audit', t);
                END LOOP;
              END
              $do$;
              """,
              "DROP TABLE customer_audit, product_audit;\n"),
          new Step(
              "label",
              """
              CREATE FUNCTION label(p product) RETURNS text LANGUAGE sql IMMUTABLE
                RETURN p.id || ': ' || p.name;
              CREATE FUNCTION labels() RETURNS SETOF text LANGUAGE sql STABLE
              BEGIN ATOMIC
                SELECT label(p) FROM product p;
              END;
              """,
              "DROP FUNCTION labels();\nDROP FUNCTION label(product);\n"),
          new Step(
              "event",
              """
              CREATE TABLE event (at date NOT NULL, what text) PARTITION BY RANGE (at);
              CREATE TABLE event_2026 PARTITION OF event FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
              """,
              "DROP TABLE event;\n"),
          new Step(
              "quantity",
              """
              ALTER TABLE line ADD CONSTRAINT quantity CHECK (quantity > 0) NOT VALID;
              ALTER TABLE line VALIDATE CONSTRAINT quantity;
              """,
              "ALTER TABLE line DROP CONSTRAINT quantity;\n"));

  /// How a tool's users write migrations, and how it runs and records them.
  enum Tool {
    GOLANG_MIGRATE("golang-migrate", null) {
      @Override
      Map<String, String> files(int number, Step step) {
        // One file is one request; some people write a transaction around it.
        boolean framed = number % 3 == 0 && step.isTransactional();
        String name = padded(6, number) + "_" + step.name();
        return Map.of(
            name + ".up.sql",
            windows(number, framed ? "BEGIN;\n" + step.up() + "COMMIT;\n" : step.up()),
            name + ".down.sql",
            framed ? "begin;\n" + step.down() + "end;" : step.down());
      }

      @Override
      String history(Path root, int last) {
        return """
        CREATE TABLE IF NOT EXISTS schema_migrations (version bigint NOT NULL PRIMARY KEY, dirty boolean NOT NULL);
        INSERT INTO schema_migrations VALUES (%s, false);
        """
            .formatted(last);
      }
    },
    GOOSE("goose", null) {
      @Override
      Map<String, String> files(int number, Step step) {
        String up = step.up();
        if (up.contains("$") || up.contains("ATOMIC")) {
          up = "-- +goose StatementBegin\n" + up + "-- +goose StatementEnd\n";
        }
        return Map.of(
            padded(5, number) + "_" + step.name() + ".sql",
            windows(
                number,
                "-- (c) the shop\n\n"
                    + (step.isTransactional() ? "" : "-- +goose NO TRANSACTION\n")
                    + "-- +goose Up\n"
                    + up
                    + "\n--   +goose down\n"
                    + step.down()));
      }

      @Override
      String history(Path root, int last) {
        return """
        CREATE TABLE goose_db_version (
          id         integer PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY,
          version_id bigint NOT NULL,
          is_applied boolean NOT NULL,
          tstamp     timestamp NOT NULL DEFAULT now()
        );
        INSERT INTO goose_db_version (version_id, is_applied)
        SELECT n, true FROM generate_series(0, %1$s) n UNION ALL VALUES (%1$s, false), (%1$s, true);
        """
            .formatted(last);
      }
    },
    DBMATE("dbmate", null) {
      private static String version(int number) {
        return "202601" + padded(2, number) + "093000";
      }

      @Override
      Map<String, String> files(int number, Step step) {
        String mark = step.isTransactional() ? "" : " transaction:false";
        return Map.of(
            version(number) + "_" + step.name() + ".sql",
            windows(
                number,
                "-- (c) the shop\n-- migrate:up%s\n\n%s\n-- migrate:down%s\n\n%s"
                    .formatted(mark, step.up(), mark, step.down())));
      }

      @Override
      String history(Path root, int last) {
        return "CREATE TABLE schema_migrations (version varchar(128) PRIMARY KEY);\n"
            + IntStream.rangeClosed(1, last)
                .mapToObj(
                    n -> "INSERT INTO schema_migrations VALUES ('%s');\n".formatted(version(n)))
                .collect(Collectors.joining());
      }
    },
    FLYWAY("flyway", "meta.schema_version") {
      private static final List<String> VERSIONS =
          List.of(
              "0.9",
              "1",
              "1.0.1",
              "1.1",
              "1_2",
              "1.3",
              "1.4",
              "1.5",
              "1.6",
              "1.7",
              "1.8",
              "1.9",
              "1.10",
              "1.11",
              "2.0",
              "2.01",
              "10",
              "2025.11.30.1",
              "20251130101500",
              "20251130101500.1");

      @Override
      Map<String, String> files(int number, Step step) {
        String name = VERSIONS.get(number - 1) + "__" + step.name() + ".sql";
        Map<String, String> files =
            new HashMap<>(
                Map.of(
                    "V" + name,
                    (number % 4 == 0 ? "\uFEFF" : "") + windows(number, step.up()),
                    "U" + name,
                    step.down()));
        if (!step.isTransactional()) {
          files.put(
              "V" + name + ".conf", "# Flyway finds that out too\nexecuteInTransaction=false\n");
        }
        if (number == APPLIED) {
          files.put(
              "R__names.sql",
              "CREATE OR REPLACE VIEW names AS SELECT id, label(p) FROM product p;\n");
        }
        return files;
      }

      // Two were applied out of order, and one undone and applied again.
      @Override
      String history(Path root, int last) throws IOException {
        List<Integer> order = new ArrayList<>(IntStream.rangeClosed(1, last).boxed().toList());
        Collections.swap(order, 10, 11);
        StringBuilder history =
            new StringBuilder(
                """
                CREATE SCHEMA meta;
                CREATE TABLE meta.schema_version (
                  installed_rank integer NOT NULL PRIMARY KEY,
                  version        varchar(50),
                  description    varchar(200) NOT NULL,
                  type           varchar(20) NOT NULL,
                  script         varchar(1000) NOT NULL,
                  checksum       integer,
                  installed_by   varchar(100) NOT NULL,
                  installed_on   timestamp NOT NULL DEFAULT now(),
                  execution_time integer NOT NULL,
                  success        boolean NOT NULL
                );
                INSERT INTO meta.schema_version VALUES (0, NULL, '<< Flyway Schema Creation >>', 'SCHEMA', '"meta"', NULL, 'ann', now(), 0, true);
                """);
        List<String> rows = new ArrayList<>();
        for (int number : order) {
          row(root, rows, number, "SQL");
        }
        row(root, rows, last, "UNDO_SQL");
        row(root, rows, last, "SQL");
        rows.add(
            "NULL, 'names', 'SQL', 'R__names.sql', "
                + crc(Files.readString(root.resolve("R__names.sql"))));
        for (int i = 0; i < rows.size(); i++) {
          history.append(
              "INSERT INTO meta.schema_version VALUES (%s, %s, 'ann', now(), 7, true);\n"
                  .formatted(i + 1, rows.get(i)));
        }
        return history.toString();
      }

      private void row(Path root, List<String> rows, int number, String type) throws IOException {
        String name = VERSIONS.get(number - 1) + "__" + STEPS.get(number - 1).name() + ".sql";
        rows.add(
            "'%s', '%s', '%s', '%s', %s"
                .formatted(
                    VERSIONS.get(number - 1).replace('_', '.'),
                    STEPS.get(number - 1).name(),
                    type,
                    (type.equals("SQL") ? "V" : "U") + name,
                    type.equals("SQL") ? crc(Files.readString(root.resolve("V" + name))) : "NULL"));
      }

      private static int crc(String text) {
        CRC32 checksum = new CRC32();
        text.replace("\uFEFF", "")
            .lines()
            .forEach(line -> checksum.update(line.getBytes(StandardCharsets.UTF_8)));
        return (int) checksum.getValue();
      }
    },
    ALEMBIC("alembic", null) {
      @Override
      Map<String, String> files(int number, Step step) {
        String name = padded(3, number) + "_" + step.name();
        String before = revision(number - 1);
        String after = revision(number);
        return Map.of(
            name + ".sql",
            "BEGIN;\n\n"
                + (number > 1
                    ? ""
                    : """
                    CREATE TABLE alembic_version (
                        version_num VARCHAR(32) NOT NULL,\s
                        CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
                    );

                    """)
                + "-- Running upgrade %s -> %s\n\n".formatted(before, after)
                + autocommit(step, step.up())
                + (number > 1
                    ? "\nUPDATE alembic_version SET version_num='%s' WHERE alembic_version.version_num = '%s';"
                        .formatted(after, before)
                    : "\nINSERT INTO alembic_version (version_num) VALUES ('%s') RETURNING alembic_version.version_num;"
                        .formatted(after))
                + "\n\nCOMMIT;\n\n",
            name + "_down.sql",
            "BEGIN;\n\n"
                + autocommit(step, step.down())
                + (number > 1
                    ? "\nUPDATE alembic_version SET version_num='%s' WHERE alembic_version.version_num = '%s';"
                        .formatted(before, after)
                    : "\nDELETE FROM alembic_version WHERE alembic_version.version_num = '%s';\n\nDROP TABLE alembic_version;"
                        .formatted(after))
                + "\n\nCOMMIT;\n\n");
      }

      // What `autocommit_block` writes.
      private static String autocommit(Step step, String sql) {
        return step.isTransactional() ? sql : "COMMIT;\n\n" + sql + "\nBEGIN;\n\n";
      }

      private static String revision(int number) {
        return number == 0 ? "" : Long.toHexString(0x1a2b3c4d5e6fL + 0x3000000L * number);
      }

      @Override
      String history(Path root, int last) {
        return "";
      }
    };

    private final String id;
    private final @Nullable String table;

    Tool(String id, @Nullable String table) {
      this.id = id;
      this.table = table;
    }

    /// The contents of a migration's files, by name.
    abstract Map<String, String> files(int number, Step step);

    /// The table that the tool makes, with its rows after the first `last` migrations.
    abstract String history(Path root, int last) throws IOException;

    static String padded(int width, int number) {
      String digits = Integer.toString(number);
      return "0".repeat(width - digits.length()) + digits;
    }

    /// Some people work on Windows; the tool sends what stands in the file.
    static String windows(int number, String text) {
      return number % 5 == 0 || number == 7 ? text.replace("\n", "\r\n") : text;
    }

    /// What the tool runs of a file, by its own markers.
    static String section(String text, boolean down) {
      String[] sections = text.split("(?m)^--\\s*(?:\\+goose [Dd]own|migrate:down).*$", -1);
      return down && sections.length > 1 ? sections[1] : sections[0].replace("\uFEFF", "");
    }
  }

  static Stream<Tool> tools() {
    return EVERY_TOOL ? Stream.of(Tool.values()) : Stream.of(Tool.GOLANG_MIGRATE);
  }

  @ParameterizedTest
  @MethodSource("tools")
  void areTakenOver(Tool tool) throws Exception {
    Path directory = Files.createDirectories(root.resolve("old"));
    for (int number = 1; number <= STEPS.size(); number++) {
      for (Map.Entry<String, String> file : tool.files(number, step(number)).entrySet()) {
        Files.writeString(directory.resolve(file.getKey()), file.getValue());
      }
    }
    Path converted = root.resolve("new");
    try (TestDatabase natively = made(tool, directory);
        TestDatabase conversion = made(tool, directory)) {
      // What the tool would do next, and take back.
      Psql.run(
          conversion.address(),
          text(tool, directory, APPLIED + 1, false) + text(tool, directory, APPLIED + 2, false));
      Map<String, String> all = catalog(conversion);
      List<String> rows = rows(conversion);
      Psql.run(conversion.address(), text(tool, directory, APPLIED + 2, true));
      Map<String, String> oneLess = catalog(conversion);
      Psql.run(conversion.address(), text(tool, directory, APPLIED + 1, true));

      List<String> adopted = adopt(tool, natively, directory, null);
      assertThat(adopted).hasSize(APPLIED + (tool == Tool.FLYWAY ? 1 : 0));
      if (tool == Tool.FLYWAY) {
        assertThat(TestConfig.migrations(natively, directory).verify()).isEmpty();
        assertThat(adopted.subList(9, 13))
            .containsExactly(
                "core/V1.7__returned",
                "core/V1.9__cheaper",
                "core/V1.8__country",
                "core/V1.10__totals");
      }
      proven(TestConfig.migrations(natively, directory), new ProofSelection.Pending(), 2);
      goesOn(natively, directory, all, oneLess, rows);

      adopt(tool, conversion, directory, converted);
      goesOn(conversion, converted, all, oneLess, rows);
      assertThat(checksums(conversion)).isEqualTo(checksums(natively));
      if (tool == Tool.FLYWAY) {
        proven(TestConfig.migrations(natively, converted), new ProofSelection.All(), STEPS.size());
      }

      assertThat(run(TestConfig.migrations(natively, converted).up(SILENT))).isEmpty();
      assertThat(TestConfig.migrations(natively, converted).status().upToDate()).isTrue();
    }
  }

  /// Whatever the tool would have gone on with, step by step.
  private static void goesOn(
      TestDatabase database,
      Path files,
      Map<String, String> all,
      Map<String, String> oneLess,
      List<String> rows)
      throws SQLException {
    Migrations migrations = TestConfig.migrations(database, files);
    assertThat(migrations.status().modules().getFirst().pending()).hasSize(2);
    assertThat(run(migrations.up(SILENT))).hasSize(2);
    assertThat(catalog(database)).isEqualTo(all);
    assertThat(rows(database)).isEqualTo(rows);
    assertThat(run(migrations.down("core", 1, Approval.NONE, SILENT))).hasSize(1);
    assertThat(catalog(database)).isEqualTo(oneLess);
    assertThat(run(migrations.up(SILENT))).hasSize(1);
    assertThat(catalog(database)).isEqualTo(all);
  }

  private static void proven(Migrations migrations, ProofSelection selection, int count) {
    assertThat(migrations.prove(selection, null, _ -> {}))
        .hasSize(count)
        .filteredOn(proof -> proof.verdict() != Verdict.PROVEN)
        .extracting(RollbackProof::changeset, RollbackProof::reason)
        .isEmpty();
  }

  /// A database as the tool leaves it.
  private static TestDatabase made(Tool tool, Path directory) throws Exception {
    TestDatabase database = TestDatabase.create();
    Psql.run(
        database.address(),
        script(tool, directory, APPLIED) + "\n" + tool.history(directory, APPLIED));
    return database;
  }

  private static List<String> adopt(
      Tool tool, TestDatabase database, Path directory, @Nullable Path convert)
      throws SQLException {
    Map<String, String> before = catalog(database);
    MigrationResult result =
        TestConfig.migrations(database, directory)
            .adopt(
                new Adoption.Request(tool.id, tool.table, "core", null, false, convert),
                Approval.NONE,
                SILENT);
    List<String> run = run(result);
    assertThat(catalog(database)).isEqualTo(before);
    return run;
  }

  private static String script(Tool tool, Path directory, int last) throws IOException {
    StringBuilder script = new StringBuilder();
    for (int number = 1; number <= last; number++) {
      script.append(text(tool, directory, number, false)).append('\n');
    }
    Path repeatable = directory.resolve("R__names.sql");
    return script + (Files.exists(repeatable) ? Files.readString(repeatable) : "");
  }

  /// What the tool runs of the files of a migration.
  private static String text(Tool tool, Path directory, int number, boolean down)
      throws IOException {
    List<String> names =
        tool.files(number, step(number)).keySet().stream()
            .filter(name -> name.endsWith(".sql") && !name.startsWith("R"))
            .toList();
    String name =
        names.stream()
            .filter(one -> names.size() == 1 || down == one.matches("U.*|.*down\\.sql"))
            .findFirst()
            .orElseThrow();
    return Tool.section(Files.readString(directory.resolve(name)), down);
  }

  private static Step step(int number) {
    return STEPS.get(number - 1);
  }

  private static List<String> checksums(TestDatabase database) throws SQLException {
    return database.query(
        "SELECT id || ' ' || md5sum FROM databasechangelog ORDER BY orderexecuted");
  }

  private static List<String> rows(TestDatabase database) throws SQLException {
    return database.query("SELECT v::text FROM vat v ORDER BY country");
  }

  private static List<String> run(MigrationResult result) {
    assertThat(result.problems()).extracting(OperatorException::getMessage).isEmpty();
    return result.executed().stream().map(MigrationResult.Executed::changeset).toList();
  }

  /// Without the tools' own tables.
  private static Map<String, String> catalog(TestDatabase database) throws SQLException {
    try (Connection connection = database.connect()) {
      return CatalogSnapshot.of(connection).withoutEngine().objects().entrySet().stream()
          .filter(object ->
              Stream.of("schema_migrations", "goose_db_version", "meta")
                  .noneMatch(name -> object.getKey().contains(name)))
          .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
    }
  }
}
