package dev.sheaf.migration.engine;

import static dev.sheaf.testing.Patience.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sheaf.database.AdvisoryLock;
import dev.sheaf.migration.TestConfig;
import dev.sheaf.migration.execute.SchemaLock;
import dev.sheaf.testing.SheafCommand;
import dev.sheaf.testing.SheafProcess;
import dev.sheaf.testing.Soak;
import dev.sheaf.testing.TestDatabase;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// Many replicas of a deployment start at the same time.
///
/// The test holds the schema lock while they start, so that they all wait for it, even on a slow
/// machine.
class ManyProcessesIT {

  private static final int PROCESSES = Integer.getInteger("sheaf.soak.processes", 8);
  private static final Duration PATIENCE = Duration.ofMinutes(4);

  @Soak
  @Test
  void exactlyOneMigratesAnEmptyDatabase() throws Exception {
    List<SheafCommand> processes = new ArrayList<>();
    try (TestDatabase database = TestDatabase.create()) {
      try (Connection holder = database.connect();
          AdvisoryLock _ = SchemaLock.tryAcquire(holder).orElseThrow()) {
        for (int i = 0; i < PROCESSES; i++) {
          processes.add(up(database));
        }
        await()
            .untilAsserted(() ->
                assertThat(processes)
                    .allSatisfy(process ->
                        assertThat(process.said()).anyMatch(line -> line.startsWith("waiting"))));
      }

      for (SheafCommand process : processes) {
        assertThat(process.await()).as("%s", process.said()).isZero();
      }

      assertThat(processes)
          .filteredOn(process -> process.said().stream().anyMatch(line -> line.startsWith("up ")))
          .hasSize(1);
      assertThat(database.query("SELECT count(DISTINCT client) FROM schema_event"))
          .containsExactly("1");
      assertThat(
              database.query(
                  "SELECT path FROM schema_event GROUP BY path HAVING count(*) <> 1 ORDER BY path"))
          .isEmpty();
      assertThat(TestConfig.migrations(database).verify()).isEmpty();
      assertThat(locks(database)).isEmpty();
    } finally {
      processes.forEach(SheafCommand::close);
    }
  }

  /// If one of them requested the lock, the test would time out.
  @Test
  void anUpToDateSchemaNeedsNoLock() throws Exception {
    List<SheafCommand> processes = new ArrayList<>();
    try (TestDatabase database = atHead();
        Connection holder = database.connect();
        AdvisoryLock _ = SchemaLock.tryAcquire(holder).orElseThrow()) {
      for (int i = 0; i < 4; i++) {
        processes.add(up(database));
      }

      for (SheafCommand process : processes) {
        assertThat(process.await()).as("%s", process.said()).isZero();
      }

      assertThat(processes)
          .allSatisfy(process -> assertThat(process.said()).containsExactly("nothing is pending"));
    } finally {
      processes.forEach(SheafCommand::close);
    }
  }

  @Test
  void anUpToDateServiceStartsWhileTheLockIsHeld() throws Exception {
    try (TestDatabase database = atHead();
        Connection holder = database.connect();
        AdvisoryLock _ = SchemaLock.tryAcquire(holder).orElseThrow();
        SheafProcess service = SheafProcess.start(database, Map.of())) {
      await()
          .untilAsserted(() ->
              assertThat(service.send("GET", "/q/health/ready", "").statusCode()).isEqualTo(200));
    }
  }

  /// A database with only the modules that are enabled by default; the template may have more.
  private static TestDatabase atHead() throws Exception {
    TestDatabase database = TestDatabase.migrated();
    try (SheafCommand first = up(database)) {
      assertThat(first.await()).as("%s", first.said()).isZero();
    }
    return database;
  }

  private static SheafCommand up(TestDatabase database) throws IOException {
    return SheafCommand.start(
        database, Map.of("sheaf.schema.lock-wait", PATIENCE.toSeconds() + "s"), "migrate", "up");
  }

  private static List<String> locks(TestDatabase database) throws SQLException {
    return database.query(
        """
        SELECT pid
          FROM pg_locks
         WHERE locktype = 'advisory'
           AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        """);
  }
}
