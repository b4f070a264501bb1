package dev.sheaf.migration.backfill;

import dev.sheaf.migration.Backfill;
import dev.sheaf.migration.MigrationConfig;
import dev.sheaf.migration.MigrationListener;
import dev.sheaf.migration.MigrationResult;
import dev.sheaf.migration.engine.Migrations;
import dev.sheaf.runtime.ModulesConfig;
import dev.sheaf.testing.SheafProcess;
import dev.sheaf.testing.TestDatabase;
import io.smallrye.config.SmallRyeConfig;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;

/// A database with a table `item` whose rows count how often a backfill has changed them, and its
/// changelogs.
public final class Shop implements AutoCloseable {

  static final String NAME = "core/002_touched";

  private static final Path BUNDLED = Path.of("src/main/resources/db/changelog");

  private final TestDatabase database;
  private final Path root;
  private final String module;

  private Shop(TestDatabase database, Path root, String module) {
    this.database = database;
    this.root = root;
    this.module = module;
  }

  /// A shop with this number of rows, and a backfill that adds one to `touched` of each row.
  ///
  /// @param root an empty directory
  static Shop open(Path root, int rows) throws IOException {
    return open(root, "core", rows).withBackfill();
  }

  /// The same as a module `shop` beside the modules of the service.
  public static Shop besideTheService(Path root, int rows) throws IOException {
    return withoutBackfill(root, rows).withBackfill();
  }

  /// The same with only the table.
  static Shop withoutBackfill(Path root, int rows) throws IOException {
    for (String directory : List.of("core", "template")) {
      Files.createDirectories(root.resolve(directory));
      try (Stream<Path> files = Files.list(BUNDLED.resolve(directory))) {
        for (Path file : files.toList()) {
          Files.copy(file, root.resolve(directory).resolve(file.getFileName()));
        }
      }
    }
    return open(root, "shop", rows);
  }

  private static Shop open(Path root, String module, int rows) throws IOException {
    Shop shop = new Shop(TestDatabase.create(), root, module);
    shop.changeset(
        "001_item",
        """
        CREATE TABLE item (
            id   bigint NOT NULL,
            name text   NOT NULL,
            CONSTRAINT item_pkey PRIMARY KEY (id)
        );
        INSERT INTO item SELECT i, 'item ' || i FROM generate_series(1, %s) AS i;
        """
            .formatted(rows),
        "DROP TABLE item;");
    return shop;
  }

  private Shop withBackfill() throws IOException {
    changeset(
        "002_touched",
        "ALTER TABLE item ADD COLUMN touched integer NOT NULL DEFAULT 0;",
        "ALTER TABLE item DROP COLUMN touched;");
    declare("UPDATE item SET touched = touched + 1 WHERE :batch");
    return this;
  }

  void changeset(String name, String up, String down) throws IOException {
    Files.createDirectories(root.resolve(module));
    Files.writeString(
        root.resolve(module).resolve(name + ".sql"),
        """
        --liquibase formatted sql

        --changeset %s:%s
        %s
        --rollback %s
        """
            .formatted(module, name.substring(0, 3), up.strip(), down));
  }

  /// The backfill's file, with this statement.
  void declare(String statement) throws IOException {
    declare(
        "table:item key:id", statement, "SELECT NOT EXISTS (SELECT FROM item WHERE touched <> 1)");
  }

  void declare(String header, String statement, String condition) throws IOException {
    Files.writeString(
        root.resolve(module).resolve("002_touched.backfill.sql"),
        """
        --liquibase formatted sql
        --backfill %s
        %s;
        --condition
        %s;
        """
            .formatted(header, statement, condition));
  }

  public MigrationResult up() {
    return migrations().up(new MigrationListener() {}).orThrow();
  }

  Migrations migrations() {
    SmallRyeConfig settings = settings(Map.of("sheaf.schema.root", root.toString()));
    return Migrations.of(
        database.address(),
        settings.getConfigMapping(MigrationConfig.class),
        settings.getConfigMapping(ModulesConfig.class),
        false);
  }

  /// The backfills for a worker, with short waits and small batches.
  Backfills backfills(String... keysAndValues) {
    Map<String, String> values = new HashMap<>();
    values.put("sheaf.backfill.max-batch", "100");
    values.put("sheaf.backfill.check-every", "20ms");
    values.put("sheaf.backfill.rest", "0");
    values.put("sheaf.backfill.lease", "1s");
    values.put("sheaf.backfill.lock-timeout", "50ms");
    values.put("sheaf.backfill.backoff", "10ms");
    for (int i = 0; i < keysAndValues.length; i += 2) {
      values.put("sheaf.backfill." + keysAndValues[i], keysAndValues[i + 1]);
    }
    return Backfills.of(
        database.address(), settings(values).getConfigMapping(BackfillConfig.class));
  }

  private static SmallRyeConfig settings(Map<String, String> values) {
    return new SmallRyeConfigBuilder()
        .addDiscoveredConverters()
        .withMapping(MigrationConfig.class)
        .withMapping(ModulesConfig.class)
        .withMapping(BackfillConfig.class)
        .withDefaultValues(values)
        .build();
  }

  /// Runs all backfills in this thread.
  public void runAll() {
    backfills().run(null, new BackfillListener() {}, new CountDownLatch(1));
  }

  /// The state of the backfill.
  public Backfill backfill() {
    return backfills().find(module + "/002_touched").orElseThrow();
  }

  /// The number of rows by how often they were changed: `1: 5000`.
  public List<String> touched() throws SQLException {
    return database.query(
        "SELECT touched || ': ' || count(*) FROM item GROUP BY touched ORDER BY touched");
  }

  public void execute(String sql) throws SQLException {
    database.execute(sql);
  }

  TestDatabase database() {
    return database;
  }

  /// A replica of the service on this database, with these changelogs.
  ///
  /// @param settings more configuration, as environment variables
  public SheafProcess service(Map<String, String> settings) throws IOException {
    Map<String, String> environment = new HashMap<>(settings);
    environment.put("SHEAF_SCHEMA_ROOT", root.toString());
    return SheafProcess.start(database, environment);
  }

  @Override
  public void close() {
    database.close();
  }
}
