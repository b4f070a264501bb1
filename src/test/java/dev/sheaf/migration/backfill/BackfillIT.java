package dev.sheaf.migration.backfill;

import static dev.sheaf.testing.Patience.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.sheaf.migration.Approval;
import dev.sheaf.migration.Backfill;
import dev.sheaf.migration.Backfill.State;
import dev.sheaf.migration.MigrationListener;
import dev.sheaf.migration.backfill.Backfills.Control;
import dev.sheaf.migration.engine.ProofSelection;
import dev.sheaf.runtime.OperatorException;
import dev.sheaf.testing.Patience;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Running backfills, and the events that interrupt them.
class BackfillIT {

  private static final int ROWS = 2_500;
  private static final long SEED = Long.getLong("sheaf.soak.seed", System.nanoTime());
  private static final BackfillListener NOBODY = new BackfillListener() {};

  @TempDir private Path root;
  private Shop shop;

  @BeforeEach
  void open() throws IOException {
    shop = Shop.open(root, ROWS);
  }

  @AfterEach
  void close() {
    shop.close();
  }

  @Test
  void everyRowIsDoneOnceInTheKeysOrder() throws SQLException {
    shop.up();
    assertThat(shop.backfill().state()).isEqualTo(State.PENDING);

    shop.runAll();

    assertThat(shop.touched()).containsExactly("1: 2500");
    Backfill done = shop.backfill();
    assertThat(done.state()).isEqualTo(State.DONE);
    assertThat(done.cursor()).containsExactly("2500");
    assertThat(done.rowsDone()).isEqualTo(ROWS);
    assertThat(done.rowsEstimated()).isEqualTo(ROWS);
    assertThat(done.batchSize()).isLessThanOrEqualTo(100);
    assertThat(done.rowsPerSecond()).isPositive();
    assertThat(done.startedAt()).isBeforeOrEqualTo(done.finishedAt());
    assertThat(done.worker()).isNull();
    assertThat(done.lastError()).isNull();
    assertThat(done.progress()).isEqualTo("done");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          a uuid, PRIMARY KEY (a)                         | a       | gen_random_uuid()
          a text, PRIMARY KEY (a)                         | a       | concat(E'\\\\''"? ', i)
          a bigint, b uuid, PRIMARY KEY (a, b)            | a,b     | i % 7, gen_random_uuid()
          a timestamptz, "order" int, UNIQUE (a, "order") | a,order | timestamptz '2026-03-29' + i / 9 * interval '1 ms', i % 9
          """)
  void anyKeyWillDo(String columns, String key, String values) throws Exception {
    shop.changeset(
        "002_touched",
        """
        CREATE TABLE place (touched int NOT NULL DEFAULT 0, %s);
        INSERT INTO place SELECT 0, %s FROM generate_series(1, 2500) AS i;
        ALTER TABLE place ALTER a SET NOT NULL;
        DO $$BEGIN ALTER TABLE place ALTER "order" SET NOT NULL; EXCEPTION WHEN undefined_column THEN NULL; END$$;
        """
            .formatted(columns, values),
        "DROP TABLE place;");
    shop.declare(
        "table:place key:" + key,
        "UPDATE place SET touched = touched + 1 WHERE :batch",
        "SELECT NOT EXISTS (SELECT FROM place WHERE touched <> 1)");
    shop.up();

    shop.runAll();

    assertThat(shop.backfill().progress()).isEqualTo("done");
    assertThat(shop.backfill().rowsDone()).isEqualTo(ROWS);
    assertThat(shop.database().query("SELECT DISTINCT touched FROM place")).containsExactly("1");
  }

  /// Each row that is done adds another one, so a worker that followed the table would never end.
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          WITH done AS (UPDATE item SET touched = touched + 1 WHERE :batch RETURNING id) INSERT INTO item SELECT id + 10000, 'new', 1 FROM done
          UPDATE item SET touched = 1, id = id + 10000 WHERE :batch
          """)
  void rowsAfterTheLastKeyAreLeftToTheApplication(String statement) throws Exception {
    shop.declare(statement);
    shop.up();

    shop.runAll();

    assertThat(shop.backfill().progress()).isEqualTo("done");
    assertThat(shop.backfill().rowsDone()).isEqualTo(ROWS);
    assertThat(shop.touched()).hasSize(1).first().asString().startsWith("1: ");
  }

  @Test
  void aResumedBackfillDoesTheRowsThatWereAddedMeanwhile() throws Exception {
    shop.up();
    shop.database().execute("ALTER TABLE item ALTER touched SET DEFAULT 0");
    shop.declare(
        "WITH done AS (UPDATE item SET touched = touched + 1 WHERE :batch RETURNING id)"
            + " INSERT INTO item SELECT id + 10000, 'late', 0 FROM done WHERE id = 1");
    shop.up();
    shop.runAll();
    assertThat(shop.backfill().state()).isEqualTo(State.FAILED);

    assertThat(shop.backfills().control(Shop.NAME, Control.RESUME, Approval.NONE)).isTrue();
    shop.runAll();

    assertThat(shop.backfill().progress()).isEqualTo("done");
    assertThat(shop.touched()).containsExactly("1: 2501");
  }

  @Test
  void partitionsAreProcessedOneAfterTheOther() throws Exception {
    shop.changeset(
        "002_touched",
        """
        CREATE TABLE place (a bigint, b int, touched int NOT NULL DEFAULT 0, PRIMARY KEY (a, b)) PARTITION BY LIST (a);
        CREATE TABLE place_1 PARTITION OF place FOR VALUES IN (1);
        CREATE TABLE place_2 PARTITION OF place FOR VALUES IN (2);
        CREATE TABLE place_3 PARTITION OF place FOR VALUES IN (3);
        INSERT INTO place SELECT a, b FROM generate_series(1, 3) AS a, generate_series(1, 250) AS b;
        """,
        "DROP TABLE place;");
    shop.declare(
        "table:place key:a,b",
        "UPDATE place SET touched = touched + 1 WHERE :batch",
        "SELECT NOT EXISTS (SELECT FROM place WHERE touched <> 1)");
    shop.up();

    shop.runAll();

    assertThat(shop.backfill().cursor()).containsExactly("3", "250");
    assertThat(shop.database().query("SELECT DISTINCT touched FROM place")).containsExactly("1");
  }

  @Test
  void aWorkerResumesAfterItsConnectionIsKilled() throws SQLException {
    Random random = new Random(SEED);
    shop.up();
    int last = 2400;
    try (RowLock lock = RowLock.onRow(shop, last);
        Running _ = Running.start(shop.backfills("max-batch", "20"))) {
      for (int kill = 0; kill < 10; kill++) {
        long target = Math.min(last - 100, shop.backfill().rowsDone() + random.nextInt(200));
        await("-Dsheaf.soak.seed=" + SEED)
            .pollInterval(Duration.ofMillis(1))
            .until(() -> shop.backfill().rowsDone() >= target && killWorker());
      }
      lock.release();
      await().until(() -> shop.backfill().state() == State.DONE);
    }
    assertThat(shop.touched()).as("-Dsheaf.soak.seed=%s", SEED).containsExactly("1: 2500");
  }

  @Test
  void aLockedRowDelaysTheBatchAndASecondWorkerFindsNoWork() throws SQLException {
    shop.up();
    try (RowLock lock = RowLock.on(shop, "UPDATE item SET name = 'changed' WHERE id = 1000");
        Running first = Running.start(shop.backfills("lease", "1h"))) {
      await().until(() -> waitsFor("a lock: canceling statement due to lock timeout"));
      assertThat(shop.backfill().rowsDone()).isBetween(800L, 999L);
      assertThat(shop.backfill().worker()).isNotNull();

      // It returns, because another worker runs the only backfill.
      shop.backfills().work(null, Refusing.TO_BEGIN, new CountDownLatch(1));

      assertThat(shop.backfill().rowsDone()).isBetween(800L, 999L);
      lock.release();
      first.await();
    }
    assertThat(shop.backfill().progress()).isEqualTo("done");
    assertThat(shop.touched()).containsExactly("1: 2500");
    assertThat(shop.database().query("SELECT name FROM item WHERE id = 1000"))
        .containsExactly("changed");
  }

  @Test
  void aDeadWorkersBackfillIsTakenOver() throws SQLException {
    shop.up();
    Backfills dead = shop.backfills("lease", "1h");
    try (RowLock lock = RowLock.on(shop, "UPDATE item SET name = 'changed' WHERE id = 1000")) {
      CountDownLatch stop = new CountDownLatch(1);
      // Its thread ends without releasing the lease.
      Thread worker =
          Thread.ofVirtual()
              .start(() ->
                  assertThatExceptionOfType(OperatorException.class)
                      .isThrownBy(() -> dead.work(null, NOBODY, stop)));
      await().until(() -> waitsFor("a lock: canceling statement due to lock timeout"));
      killBackends();
      await().until(() -> !worker.isAlive());
      assertThat(shop.backfill().worker()).isNotNull();
      lock.release();
    }
    shop.database().execute("UPDATE backfill SET lease_until = now() - interval '1 s'");

    shop.runAll();

    assertThat(shop.backfill().progress()).isEqualTo("done");
    assertThat(shop.touched()).containsExactly("1: 2500");
  }

  @Test
  void aStoppedWorkerReleasesItsLease() throws SQLException {
    shop.up();
    try (RowLock _ = RowLock.on(shop, "UPDATE item SET name = 'changed' WHERE id = 1000")) {
      Running worker = Running.start(shop.backfills("lease", "1h"));
      await().until(() -> waitsFor("a lock: canceling statement due to lock timeout"));
      worker.close();
    }

    shop.runAll();

    assertThat(shop.touched()).containsExactly("1: 2500");
  }

  @Test
  void itIsPausedResumedAndCancelled() throws SQLException {
    shop.up();
    try (RowLock _ = RowLock.on(shop, "UPDATE item SET name = 'changed' WHERE id = 1000");
        Running worker = Running.start(shop.backfills())) {
      await().until(() -> waitsFor("a lock: canceling statement due to lock timeout"));

      assertThat(shop.backfills().control(Shop.NAME, Control.PAUSE, Approval.NONE)).isTrue();

      worker.await();
      assertThat(shop.backfill().state()).isEqualTo(State.PAUSED);
      assertThat(shop.backfill().worker()).isNull();
    }
    long done = shop.backfill().rowsDone();
    shop.runAll();
    assertThat(shop.backfill().rowsDone()).isEqualTo(done);
    assertThat(shop.backfills().control(Shop.NAME, Control.PAUSE, Approval.NONE)).isFalse();

    assertThat(shop.backfills().control(Shop.NAME, Control.CANCEL, Approval.NONE)).isTrue();
    shop.runAll();
    assertThat(shop.backfill().state()).isEqualTo(State.CANCELLED);
    assertThat(shop.backfill().rowsDone()).isEqualTo(done);

    assertThat(shop.backfills().control(Shop.NAME, Control.RESUME, Approval.NONE)).isTrue();
    shop.runAll();
    assertThat(shop.backfill().progress()).isEqualTo("done");
    assertThat(shop.touched()).containsExactly("1: 2500");
    assertThat(shop.backfills().control(Shop.NAME, Control.CANCEL, Approval.NONE)).isFalse();
    assertThat(
            shop.database()
                .query("SELECT action FROM schema_event WHERE action LIKE 'backfill%' ORDER BY id"))
        .containsExactly("backfill pause", "backfill cancel", "backfill resume");
  }

  @Test
  void itWaitsForSessionsThatQueueForTheTable() throws SQLException {
    shop.up();
    try (RowLock reader = RowLock.on(shop, "LOCK TABLE item IN ACCESS SHARE MODE")) {
      Thread change =
          Thread.ofVirtual()
              .start(() -> {
                try {
                  shop.database().execute("ALTER TABLE item ADD COLUMN price integer");
                } catch (SQLException e) {
                  throw new IllegalStateException(e);
                }
              });
      await()
          .until(() ->
              !shop.database()
                  .query(
                      "SELECT pid FROM pg_locks WHERE relation = 'item'::regclass AND NOT granted")
                  .isEmpty());
      try (Running worker = Running.start(shop.backfills())) {
        await().until(() -> waitsFor("other sessions that are waiting for a lock on item"));
        assertThat(shop.backfill().rowsDone()).isZero();

        reader.release();

        await().until(() -> !change.isAlive());
        worker.await();
      }
    }
    assertThat(shop.touched()).containsExactly("1: 2500");
  }

  @Test
  void itWaitsForAVacuum() throws Exception {
    shop.up();
    try (Connection connection = shop.database().connect();
        Statement vacuum = connection.createStatement()) {
      // A long statement, which the test ends.
      vacuum.execute("SET vacuum_cost_delay = 100");
      vacuum.execute("SET vacuum_cost_limit = 1");
      Thread vacuuming =
          Thread.ofVirtual()
              .start(() -> {
                try {
                  vacuum.execute("VACUUM (DISABLE_PAGE_SKIPPING) item");
                } catch (SQLException e) {
                  assertThat(e.getSQLState()).isEqualTo("57014");
                }
              });
      await()
          .until(() ->
              !shop.database()
                  .query(
                      "SELECT pid FROM pg_stat_progress_vacuum WHERE datname = current_database()")
                  .isEmpty());
      try (Running worker = Running.start(shop.backfills())) {
        await().until(() -> waitsFor("the vacuum of item"));
        vacuum.cancel();
        vacuuming.join();
        worker.await();
      }
    }
    assertThat(shop.touched()).containsExactly("1: 2500");
  }

  @Test
  void itWaitsForAReplicationSlotThatRetainsWal() throws SQLException {
    shop.up();
    String slot = shop.database().address().database();
    shop.database().query("SELECT pg_create_physical_replication_slot('" + slot + "', true)");
    try (Running worker = Running.start(shop.backfills("max-wal-backlog", "1"))) {
      await().until(() -> waitsFor("the replication slot " + slot));
      assertThat(shop.backfill().rowsDone()).isZero();
      shop.database().query("SELECT pg_drop_replication_slot('" + slot + "')");
      worker.await();
    } finally {
      shop.database()
          .query(
              "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = '"
                  + slot
                  + "'");
    }
    assertThat(shop.touched()).containsExactly("1: 2500");
  }

  @Test
  void slowRowsMakeSmallBatches() throws Exception {
    shop.declare(
        "UPDATE item SET touched = touched + 1 WHERE :batch AND pg_sleep(0.005) IS NOT NULL");
    shop.up();
    shop.database().execute("DELETE FROM item WHERE id > 150");

    shop.backfills("batch-time", "20ms").run(null, NOBODY, new CountDownLatch(1));

    assertThat(shop.touched()).containsExactly("1: 150");
    assertThat(shop.backfill().batchSize()).isLessThanOrEqualTo(25);
  }

  @Test
  void aFalseConditionIsAFailure() throws Exception {
    shop.up();
    shop.database().execute("UPDATE item SET touched = 5 WHERE id = 7");

    shop.runAll();

    assertThat(shop.backfill().progress())
        .isEqualTo(
            "failed: all rows are processed, but its condition is not true:"
                + " SELECT NOT EXISTS (SELECT FROM item WHERE touched <> 1)");

    shop.database().execute("UPDATE item SET touched = 1 WHERE id = 7");
    assertThat(shop.backfills().control(Shop.NAME, Control.RESUME, Approval.NONE)).isTrue();
    shop.runAll();

    assertThat(shop.backfill().progress()).isEqualTo("done");
    assertThat(shop.touched()).containsExactly("1: 2500");
  }

  @Test
  void aFailedBatchIsRetriedUntilTheBackfillFails() throws Exception {
    shop.declare("UPDATE item SET touched = touched + 1000 / (1000 - id) * 0 + 1 WHERE :batch");
    shop.up();

    shop.backfills("attempts", "3").run(null, NOBODY, new CountDownLatch(1));

    Backfill failed = shop.backfill();
    assertThat(failed.state()).isEqualTo(State.FAILED);
    assertThat(failed.attempts()).isEqualTo(3);
    assertThat(failed.lastError()).isEqualTo("division by zero");
    assertThat(failed.rowsDone()).isBetween(800L, 999L);

    // The file is corrected and registered again, and the backfill continues where it stopped.
    shop.declare("UPDATE item SET touched = touched + 1 WHERE :batch");
    shop.up();
    assertThat(shop.backfill().rowsDone()).isEqualTo(failed.rowsDone());
    assertThat(shop.backfills().control(Shop.NAME, Control.RESUME, Approval.NONE)).isTrue();
    shop.runAll();

    assertThat(shop.backfill().progress()).isEqualTo("done");
    assertThat(shop.touched()).containsExactly("1: 2500");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          table:thing key:id   | touched = 1 | SELECT true       | there is no table thing - correct the --backfill line of its file
          table:item key:name  | touched = 1 | SELECT true       | table item has no unique index on (name) - the key of a backfill must be a primary key, or the columns of a unique index that are NOT NULL
          table:item key:price | touched = 1 | SELECT true       | table item has no NOT NULL column price - a backfill skips rows whose key is null; correct the --backfill line of its file
          table:item key:id    | touch = 1   | SELECT true       | column "touch" of relation "item" does not exist - correct the file; its statement and its condition run after its changeset
          table:item key:id    | touched = 1 | SELECT 1          | its condition is not one boolean, but int4 - write a query such as SELECT NOT EXISTS (SELECT FROM t WHERE c IS NULL)
          table:item key:id    | touched = 1 | SELECT true, true | its condition is not one boolean, but bool, bool - write a query such as SELECT NOT EXISTS (SELECT FROM t WHERE c IS NULL)
          table:item key:Id    | touched = 1 | SELECT x          | column "x" does not exist - correct the file; its statement and its condition run after its changeset
          table                | touched = 1 | SELECT true       | cannot read "--backfill table" - it says --backfill table:T key:K1,K2 once, then --condition; a comment begins with "-- "
          """)
  void aChangesetWhoseBackfillCannotRunIsNotApplied(
      String header, String assignment, String condition, String error) throws Exception {
    shop.declare(header, "UPDATE item SET " + assignment + " WHERE :batch", condition);

    assertThat(shop.migrations().up(new MigrationListener() {}).problems())
        .extracting(OperatorException::getMessage)
        .containsExactly(Shop.NAME + ".backfill.sql: " + error);

    assertThat(
            shop.database()
                .query(
                    "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass('item') AND attname = 'touched'"))
        .isEmpty();
    if (condition.equals("SELECT 1")) {
      assertThat(
              shop.migrations().prove(new ProofSelection.All(), null, _ -> {}).getLast().reason())
          .isEqualTo(Shop.NAME + ".backfill.sql: " + error.replaceFirst(" - .*", ""));
    }
  }

  @Test
  void aKeyThatWasDroppedSinceIsRejected() throws Exception {
    shop.up();
    shop.execute("ALTER TABLE item DROP CONSTRAINT item_pkey");

    shop.runAll();

    assertThat(shop.backfill().lastError())
        .isEqualTo(
            "table item has no unique index on (id); the key of a backfill must be a primary key,"
                + " or the columns of a unique index that are NOT NULL");
    assertThat(shop.touched()).containsExactly("0: 2500");
  }

  @Test
  void aBackfillWithoutItsChangesetIsRefusedBeforeAnythingRuns() throws Exception {
    Files.move(
        root.resolve("core/002_touched.backfill.sql"), root.resolve("core/002_touch.backfill.sql"));

    assertThat(shop.migrations().up(new MigrationListener() {}).problems())
        .extracting(OperatorException::getMessage)
        .containsExactly(
            "core/002_touch.backfill.sql has no changeset beside it"
                + " - give it the name of the changeset that needs it, NNN_name.backfill.sql");
    assertThat(shop.database().query("SELECT to_regclass('item')")).containsExactly("null");
  }

  @Test
  void namesMayNeedQuotes() throws Exception {
    shop.changeset(
        "002_touched",
        """
        CREATE TABLE "My ""Order" ("Id, no" int, "Größe" text, note text, PRIMARY KEY ("Id, no", "Größe"));
        INSERT INTO "My ""Order" SELECT i, 'x' FROM generate_series(1, 300) AS i;
        """,
        "DROP TABLE \"My \"\"Order\";");
    shop.declare(
        "table:\"My \"\"Order\" key:\"Id, no\",\"Größe\"",
        "UPDATE \"My \"\"Order\" SET note = coalesce(note, '') || ':batch' WHERE :batch -- :batch",
        "SELECT NOT EXISTS (SELECT FROM \"My \"\"Order\" WHERE note IS NULL)");
    shop.up();

    shop.runAll();

    assertThat(shop.backfill().progress()).isEqualTo("done");
    assertThat(
            shop.database()
                .query("SELECT note || '|' || count(*) FROM \"My \"\"Order\" GROUP BY note"))
        .containsExactly(":batch|300");
  }

  @Test
  void aRollbackRemovesTheBackfill() throws Exception {
    shop.declare(
        "UPDATE item SET touched = touched + 1 WHERE :batch AND pg_sleep(0.001) IS NOT NULL");
    shop.up();
    try (Running worker = Running.start(shop.backfills("max-batch", "20"))) {
      await().until(() -> shop.backfill().rowsDone() > 0);

      shop.migrations().down("core", 1, Approval.NONE, new MigrationListener() {}).orThrow();

      worker.await();
    }
    assertThat(shop.backfills().list()).isEmpty();
  }

  @Test
  void aBackfillThatIsRolledBackWhileItIsClaimedDoesNotStart() throws Exception {
    shop.up();
    shop.database()
        .execute(
            """
            CREATE FUNCTION roll_back() RETURNS trigger LANGUAGE plpgsql
                AS $$ BEGIN DELETE FROM backfill WHERE name = NEW.name; RETURN NEW; END $$;
            CREATE TRIGGER roll_back AFTER UPDATE ON backfill FOR EACH ROW EXECUTE FUNCTION roll_back();
            """);

    shop.backfills().work(null, Refusing.TO_BEGIN, new CountDownLatch(1));

    assertThat(shop.backfills().list()).isEmpty();
  }

  /// @return whether it was at work
  private boolean killWorker() throws SQLException {
    return !shop.database()
        .query(
            """
            SELECT pg_terminate_backend(pid)
              FROM pg_stat_activity
             WHERE datname = current_database()
               AND application_name LIKE '%backfill'
               AND state <> 'idle'
            """)
        .isEmpty();
  }

  private boolean waitsFor(String reason) {
    return Objects.requireNonNullElse(shop.backfill().waitingFor(), "").startsWith(reason);
  }

  private void killBackends() throws SQLException {
    shop.database()
        .query(
            """
            SELECT pg_terminate_backend(pid)
              FROM pg_stat_activity
             WHERE datname = current_database()
               AND application_name LIKE '%backfill'
            """);
  }

  /// A listener that must not be called.
  private enum Refusing implements BackfillListener {
    TO_BEGIN;

    @Override
    public void started(Backfill backfill) {
      throw new AssertionError("two work at " + backfill);
    }
  }

  /// A worker on its own thread, which reconnects if its connection is lost.
  private record Running(Thread thread, CountDownLatch stop) implements AutoCloseable {

    static Running start(Backfills backfills) {
      CountDownLatch stop = new CountDownLatch(1);
      return new Running(Thread.ofVirtual().start(() -> work(backfills, stop)), stop);
    }

    private static void work(Backfills backfills, CountDownLatch stop) {
      boolean lost = true;
      while (lost && stop.getCount() > 0) {
        try {
          backfills.run(null, NOBODY, stop);
          lost = false;
        } catch (OperatorException _) {
          lost = true;
        }
      }
    }

    /// Waits until it has no more work.
    void await() {
      Patience.await().until(() -> !thread.isAlive());
    }

    @Override
    public void close() {
      stop.countDown();
      await();
    }
  }
}
