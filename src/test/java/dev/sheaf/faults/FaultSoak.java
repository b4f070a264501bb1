package dev.sheaf.faults;

import static dev.sheaf.testing.Patience.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sheaf.faults.Traffic.Failure;
import dev.sheaf.faults.Traffic.Kind;
import dev.sheaf.faults.Traffic.Sort;
import dev.sheaf.testing.FaultyPostgres;
import dev.sheaf.testing.HalfDocuments;
import dev.sheaf.testing.LocalPostgres;
import dev.sheaf.testing.SheafCommand;
import dev.sheaf.testing.SheafProcess;
import dev.sheaf.testing.TcpProxy;
import dev.sheaf.testing.TestDatabase;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.awaitility.core.ConditionTimeoutException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// Restarts, kills and pauses the database and the packaged application under load. No acknowledged
/// write is lost, no response is wrong, and no request fails after a fault is over.
///
/// A part of `make soak`, with five faults of each kind. It also fills the disks of temporary
/// files, of the write-ahead log and of backups.
class FaultSoak {

  private static final int ROUNDS = Integer.getInteger("sheaf.soak.faults", 1);

  /// The time for all faults together. Each gets the same share.
  private static final Duration TIME =
      Duration.ofSeconds(Integer.getInteger("sheaf.soak.fault-seconds", 0));

  private static final Duration PAUSE =
      Duration.ofSeconds(Integer.getInteger("sheaf.soak.pause-seconds", 3));

  /// The timeout for recovery after a fault, for a busy machine.
  private static final Duration GRACE =
      Duration.ofSeconds(Integer.getInteger("sheaf.soak.grace-seconds", 60));

  private static final int POOL = 12;

  private static final Pattern NO_CONNECTION_IN_USE =
      Pattern.compile("(?m)^agroal_active_count\\{[^}]*} 0(\\.0)?$");
  private static final int DISK_MEGABYTES = 64;
  private static final int WAL_MEGABYTES = 256;

  /// The tolerated growth of live objects under load, in bytes.
  private static final long FLAT = 16_000_000;

  /// The tolerated growth of the number of threads.
  private static final int REQUESTS = 24;

  private static final String HEAP = "128m";

  private static final Map<String, String> SETTINGS =
      Map.of(
          "SHEAF_ACCESS_MODE", "required",
          "SHEAF_INGESTION_LEASE", "2s",
          // The test waits for requests that wait for a lock.
          "SHEAF_DATABASE_LOCK_TIMEOUT", "30s",
          "SHEAF_INGESTION_POLL_EVERY", "0.2s",
          "SHEAF_INDEX_MIN_ROWS", "500",
          "SHEAF_INDEX_CHECK_EVERY", "1s",
          "QUARKUS_DATASOURCE_JDBC_MAX_SIZE", String.valueOf(POOL));

  private interface Action {
    void run() throws Exception;
  }

  /// @param refused the kinds of requests that may be rejected during the fault
  /// @param ofService whether connections of clients may be closed
  private record Fault(String name, Set<Kind> refused, boolean ofService, Action action) {}

  /// The duration of an outage, by [System#nanoTime]: from its start until all requests work again.
  private record Outage(Fault fault, long begun, long ended) {

    boolean explains(Failure failure) {
      return (failure.sort() == Sort.REFUSED
              ? fault.refused().contains(failure.kind())
              : fault.ofService())
          && failure.begun() - ended <= GRACE.toNanos();
    }
  }

  private static final Set<Kind> ALL = EnumSet.allOf(Kind.class);
  private static final Set<Kind> WRITES = EnumSet.of(Kind.PUT, Kind.UPLOAD, Kind.JOB);

  private static final Set<Kind> NONE = EnumSet.noneOf(Kind.class);

  private final List<Outage> outages = new ArrayList<>();
  private final Map<String, String> settings = new HashMap<>(SETTINGS);

  /// Where the server puts temporary files; `null` if with its data.
  private @Nullable Path temporaryFiles;

  /// The same of the service; `null` if in the usual directory.
  private @Nullable Path spool;

  private SheafProcess sheaf;

  @Test
  void nothingAcknowledgedIsLost() throws Exception {
    try (FaultyPostgres postgres = FaultyPostgres.start();
        TestDatabase database = TestDatabase.at(postgres.address());
        TcpProxy proxy = new TcpProxy()) {
      if (ROUNDS > 1 && postgres instanceof LocalPostgres local) {
        separateTemporaryFiles(local, database);
      }
      start(database, proxy);
      try (var traffic = new Traffic(proxy.uri(), key(database))) {
        var live = new ArrayList<Long>();
        traffic.begin();
        awaitWell(traffic, System.nanoTime());

        // The service first, so that one process survives all other faults.
        var killed =
            new Fault(
                "service killed",
                ALL,
                true,
                () -> {
                  sheaf.kill();
                  start(database, proxy);
                });
        for (int round = 0; round < ROUNDS; round++) {
          inflict(killed, traffic);
        }
        live.add(sheaf.liveBytes());
        long threads = sheaf.threads();
        if (postgres instanceof LocalPostgres local) {
          fillDisk(local, database, traffic);
          fillOtherDisks(local, database, traffic);
        }
        for (int round = 0; round < ROUNDS; round++) {
          inflict(new Fault("restarted", ALL, false, postgres::restart), traffic);
          live.add(sheaf.liveBytes());
          inflict(new Fault("killed", ALL, false, postgres::crash), traffic);
          live.add(sheaf.liveBytes());
        }
        var paused =
            new Fault(
                "paused",
                ALL,
                false,
                () -> {
                  postgres.pause();
                  traffic.goOn(PAUSE);
                  postgres.resume();
                });
        inflict(paused, traffic);
        live.add(sheaf.liveBytes());
        traffic.end();

        await().until(traffic::areJobsDone);
        traffic.verify();
        report(traffic, live);

        assertThat(traffic.wrong()).as("%s", failedRequests()).isEmpty();
        assertThat(traffic.failures())
            .allMatch(failure -> behind(failure).stream().anyMatch(one -> one.explains(failure)));
        assertThat(HalfDocuments.count(database)).isZero();
        assertThat(live).allMatch(bytes -> bytes < live.getFirst() + FLAT);
        await().until(() -> sheaf.threads() < threads + REQUESTS);
        noConnectionIsLost(traffic);
      } finally {
        sheaf.close();
      }
    }
  }

  private List<String> failedRequests() {
    return sheaf.log().stream().filter(line -> line.contains("Request failed")).toList();
  }

  private void start(TestDatabase database, TcpProxy proxy) throws Exception {
    sheaf = SheafProcess.start(database, settings, HEAP);
    proxy.leadTo(sheaf.uri("/").getPort());
  }

  private static String key(TestDatabase database) throws Exception {
    try (var command = SheafCommand.start(database, Map.of(), "key", "create", "--role", "admin")) {
      assertThat(command.await()).as("%s", command.said()).isZero();
      return command.said().stream()
          .filter(line -> line.startsWith("sheaf_"))
          .findFirst()
          .orElseThrow();
    }
  }

  /// A disk that is full, and then has free space again.
  private void fillDisk(LocalPostgres postgres, TestDatabase database, Traffic traffic)
      throws Exception {
    Optional<Path> disk = postgres.mountDisk("data", DISK_MEGABYTES);
    if (disk.isEmpty()) {
      System.out.println("disk full: left out, because this account may not mount one");
      return;
    }
    String texts = database.query("SELECT 'chunk_' || id FROM collection").getFirst();
    database.execute("CREATE TABLESPACE small LOCATION '" + disk.get() + "'");
    database.execute("ALTER TABLE " + texts + " SET TABLESPACE small");
    Path filler = disk.get().resolve("filler");
    var full =
        new Fault(
            "disk full",
            WRITES,
            false,
            () -> {
              fill(filler);
              await()
                  .until(() ->
                      traffic.failures().stream()
                          .anyMatch(failure -> failure.what().contains("database-full")));
              Files.delete(filler);
            });
    inflict(full, traffic);
    database.execute("ALTER TABLE " + texts + " SET TABLESPACE pg_default");
  }

  /// Has the service and the server put their temporary files on disks of their own.
  private void separateTemporaryFiles(LocalPostgres postgres, TestDatabase database)
      throws Exception {
    Optional<Path> temporary = postgres.mountDisk("temporary", DISK_MEGABYTES);
    if (temporary.isEmpty()) {
      return;
    }
    temporaryFiles = temporary.get();
    database.execute("CREATE TABLESPACE temporary LOCATION '" + temporaryFiles + "'");
    String name = database.query("SELECT quote_ident(current_database())").getFirst();
    // Sorting for an export needs a file.
    for (String setting : List.of("temp_tablespaces = temporary", "work_mem = '64kB'")) {
      database.execute("ALTER DATABASE " + name + " SET " + setting);
    }
    spool = postgres.mountDisk("spool", DISK_MEGABYTES).orElseThrow();
    settings.put("JAVA_TOOL_OPTIONS", "-Djava.io.tmpdir=" + spool);
  }

  /// The other disks, one after another.
  private void fillOtherDisks(LocalPostgres postgres, TestDatabase database, Traffic traffic)
      throws Exception {
    Path temporary = temporaryFiles;
    Path ofService = spool;
    if (temporary == null || ofService == null) {
      return;
    }
    inflict(
        new Fault(
            "disk of temporary files full",
            // With so little memory, exact searches of many vectors need a file, too.
            EnumSet.of(Kind.VECTOR, Kind.HYBRID),
            false,
            () -> {
              Path filler = temporary.resolve("filler");
              fill(filler);
              // As soon as there are enough documents.
              await()
                  .until(() -> traffic.export().body().contains("urn:sheaf:problem:database-full"));
              Files.delete(filler);
            }),
        traffic);
    assertThat(traffic.export().statusCode()).isEqualTo(200);
    inflict(
        new Fault(
            "/tmp of the service full",
            NONE,
            false,
            () -> {
              Path filler = ofService.resolve("filler");
              fill(filler);
              int before = traffic.acknowledged() / 2;
              assertThat(traffic.export().body().lines().count()).isGreaterThan(before);
              Files.delete(filler);
            }),
        traffic);
    fillBackups(postgres, database, traffic);
    fillWal(postgres, database, traffic);
  }

  private void fillBackups(LocalPostgres postgres, TestDatabase database, Traffic traffic)
      throws Exception {
    Path backups = postgres.mountDisk("backups", DISK_MEGABYTES).orElseThrow();
    Path file = backups.resolve("backup");
    inflict(
        new Fault(
            "disk of backups full",
            NONE,
            false,
            () -> {
              Path filler = backups.resolve("filler");
              fill(filler);
              try (var backup = SheafCommand.start(database, Map.of(), "backup", file.toString())) {
                assertThat(backup.await()).as("%s", backup.said()).isNotZero();
                assertThat(String.join("\n", backup.said())).contains("the disk is full");
              }
              assertThat(backups).isDirectoryNotContaining(left -> !left.equals(filler));
              Files.delete(filler);
            }),
        traffic);
    try (var backup = SheafCommand.start(database, Map.of(), "backup", file.toString())) {
      assertThat(backup.await()).as("%s", backup.said()).isZero();
    }
  }

  /// Without space for the write-ahead log, PostgreSQL stops, and so do reads.
  private void fillWal(LocalPostgres postgres, TestDatabase database, Traffic traffic)
      throws Exception {
    Path wal = postgres.mountDisk("wal", WAL_MEGABYTES).orElseThrow();
    inflict(new Fault("restarted", ALL, false, () -> postgres.moveWal(wal)), traffic);
    inflict(
        new Fault(
            "disk of the write-ahead log full",
            ALL,
            false,
            () -> {
              Path filler = wal.resolve("filler");
              fill(filler);
              await().until(() -> !canSwitchWal(database));
              await()
                  .until(() ->
                      traffic.failures().stream()
                          .anyMatch(failure -> failure.what().contains("database-unavailable")));
              Files.delete(filler);
              postgres.startIfStopped();
            }),
        traffic);
  }

  private static boolean canSwitchWal(TestDatabase database) {
    try {
      database.execute(
          "SELECT pg_logical_emit_message(true, 'sheaf', repeat('x', 1000000)), pg_switch_wal()");
      return true;
    } catch (SQLException e) {
      return false;
    }
  }

  private static void fill(Path file) throws IOException {
    try (OutputStream out = Files.newOutputStream(file)) {
      byte[] block = new byte[8 * 1024];
      while (true) {
        out.write(block);
      }
    } catch (IOException e) {
      assertThat(e).hasMessageContaining("No space left");
    }
  }

  private void inflict(Fault fault, Traffic traffic) throws Exception {
    long begun = System.nanoTime();
    fault.action().run();
    var outage = new Outage(fault, begun, System.nanoTime());
    outages.add(outage);
    awaitWell(traffic, outage.ended());
    Duration part = TIME.dividedBy(3L * ROUNDS + 2);
    traffic.goOn(part.minusNanos(System.nanoTime() - begun));
  }

  private static void awaitWell(Traffic traffic, long since) {
    await().pollInterval(Duration.ofMillis(20)).until(() -> traffic.isWellSince(since));
  }

  /// A connection that the pool has lost would be in use for ever.
  private void noConnectionIsLost(Traffic traffic) throws IOException {
    try {
      await().until(() -> NO_CONNECTION_IN_USE.matcher(traffic.metrics()).find());
    } catch (ConditionTimeoutException e) {
      throw new AssertionError("a connection is in use: " + sheaf.threadDump(), e);
    }
  }

  /// The last outage that started before the failure.
  private Optional<Outage> behind(Failure failure) {
    return outages.stream()
        .filter(outage -> failure.ended() - outage.begun() >= 0)
        .reduce((_, later) -> later);
  }

  private void report(Traffic traffic, List<Long> live) {
    for (Outage outage : outages) {
      List<Failure> failures =
          traffic.failures().stream()
              .filter(failure -> behind(failure).filter(outage::equals).isPresent())
              .toList();
      long last =
          failures.stream().mapToLong(failure -> failure.begun() - outage.ended()).max().orElse(0);
      System.out.printf(
          "%s for %s ms: refused=%s broken=%s, the last of them began %s ms after it%n",
          outage.fault().name(),
          (outage.ended() - outage.begun()) / 1_000_000,
          failures.stream().filter(failure -> failure.sort() == Sort.REFUSED).count(),
          failures.stream().filter(failure -> failure.sort() == Sort.BROKEN).count(),
          Math.max(0, last) / 1_000_000);
    }
    System.out.printf(
        "acknowledged=%s wrong=%s answered=%s live=%s%n",
        traffic.acknowledged(), traffic.wrong().size(), traffic.answered(), live);
  }
}
