package dev.sheaf.faults;

import static dev.sheaf.testing.Patience.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.sheaf.database.DatabaseAddress;
import dev.sheaf.testing.LocalPostgres;
import dev.sheaf.testing.SheafCommand;
import dev.sheaf.testing.SheafContainer;
import dev.sheaf.testing.SheafProcess;
import dev.sheaf.testing.Soak;
import dev.sheaf.testing.TestDatabase;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// A service with a primary and a streaming standby. A test has several steps, because starting the
/// servers takes most of the time.
///
/// An ordinary build writes and searches 200 times, `-Dsheaf.soak.pairs` as often as it says.
class ReplicaIT {

  private static final String C = "/api/v1/collections/c";

  private static final String LATEST =
      "{\"vector\":[1,0],\"limit\":1,\"filter\":{\"key\":\"%s\"},\"select\":[]}";

  private static final String WRITABLE = "The database accepts writes again";

  /// A page of documents, and an export.
  private static final List<String> READS = List.of("application/json", "application/x-ndjson");

  private static final int WRITERS = 4;
  private static final int WRITES = 50;
  private static final int PAIRS = Integer.getInteger("sheaf.soak.pairs", WRITERS * WRITES);

  /// How often each server is killed.
  private static final int KILLS = Integer.getInteger("sheaf.soak.server-kills", 2);

  private static final Duration DOWN = Duration.ofSeconds(10);

  private TestDatabase primary;
  private TestDatabase standby;
  private SheafProcess service;
  private String key;

  private interface Steps {
    void on(LocalPostgres first, LocalPostgres second) throws Exception;
  }

  @Test
  void standbysAnswerSearchesAndClientsFindWhatTheyWrote() throws Exception {
    withStandby((first, second) -> {
      aStaleStandbyDoesNotAnswerWhoHasWritten();
      concurrentWritersFindWhatTheyWrote();
      replayCancelsNoSearch();
      nobodyNeedsTheStandby(second);
      try (SheafProcess reader = readerOfTheStandby()) {
        searchesNeedNoPrimary(first);
        theReaderWrites(reader);
      }
      assertThat(service.log()).noneMatch(line -> line.contains("Request failed"));
    });
  }

  /// Searches need one of the servers, and writes the primary.
  @Test
  @Soak
  void aServerIsKilledUnderLoad() throws Exception {
    withStandby((first, second) -> {
      for (int kill = 0; kill < KILLS; kill++) {
        assertThat(failuresWhileDown("standby", second)).isEmpty();
        assertThat(failuresWhileDown("primary", first))
            .isNotEmpty()
            .allMatch(failure -> failure.startsWith("write 503 "));
      }
    });
  }

  /// @param steps run as soon as the standby answers
  private void withStandby(Steps steps) throws Exception {
    assumeFalse(SheafContainer.engineAnswers(), "needs an installed PostgreSQL for the standby");
    try (LocalPostgres first = LocalPostgres.create();
        LocalPostgres second = first.standby()) {
      primary = TestDatabase.at(first.address());
      standby = TestDatabase.at(second.address());
      try (SheafProcess started = start(first, second)) {
        service = started;
        assertThat(send("POST", "/api/v1/collections", collection("c"), null).statusCode())
            .isEqualTo(201);
        standbyAnswers();
        steps.on(first, second);
      }
    }
  }

  /// A request that failed.
  ///
  /// @param at nanoseconds after the start
  private record Failure(long at, String text) {}

  /// Kills a server while two clients search and two write, each without a pause, and starts it
  /// again. Ends when the standby answers again, and some writes have succeeded.
  private List<String> failuresWhileDown(String name, LocalPostgres server) throws Exception {
    var ended = new AtomicBoolean();
    var searched = new AtomicInteger();
    var written = new AtomicInteger();
    var failures = new ConcurrentLinkedDeque<Failure>();
    long start = System.nanoTime();
    List<Callable<Void>> clients = new ArrayList<>();
    for (int i = 0; i < WRITERS; i++) {
      boolean writes = i % 2 == 0;
      String path = writes ? C + "/documents/client" + i : C + "/search";
      clients.add(() -> {
        while (!ended.get()) {
          String body =
              writes ? document(String.valueOf(System.nanoTime())) : LATEST.formatted("1");
          HttpResponse<String> response = send(writes ? "PUT" : "POST", path, body, null);
          if (response.statusCode() < 300) {
            (writes ? written : searched).incrementAndGet();
          } else {
            failures.add(
                new Failure(
                    System.nanoTime() - start,
                    "%s %s %s"
                        .formatted(
                            writes ? "write" : "search", response.statusCode(), response.body())));
          }
        }
        return null;
      });
    }
    long killed;
    long back;
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Void>> running = clients.stream().map(threads::submit).toList();
      try {
        Thread.sleep(DOWN.dividedBy(2));
        killed = System.nanoTime() - start;
        server.kill();
        Thread.sleep(DOWN);
        server.startIfStopped();
        back = System.nanoTime() - start;
        int before = written.get();
        await().until(() -> written.get() > before + WRITES);
        double reads = reads("standby", "none");
        await().until(() -> reads("standby", "none") > reads + WRITES);
      } finally {
        ended.set(true);
      }
      for (Future<Void> client : running) {
        client.get();
      }
    }
    System.out.printf(
        "%s killed for %s ms: %s searches and %s writes succeeded, %s failed%s%n",
        name,
        (back - killed) / 1_000_000,
        searched.get(),
        written.get(),
        failures.size(),
        failures.isEmpty()
            ? ""
            : ", from %s ms after the kill to %s ms after the start"
                .formatted(
                    (failures.getFirst().at() - killed) / 1_000_000,
                    (failures.getLast().at() - back) / 1_000_000));
    return failures.stream().map(Failure::text).toList();
  }

  private SheafProcess start(LocalPostgres first, LocalPostgres second) throws Exception {
    DatabaseAddress both =
        DatabaseAddress.parse(
            "postgres://%s:%s@%s,%s/%s?target_session_attrs=read-write"
                .formatted(
                    first.address().user(),
                    first.address().password(),
                    first.address().server(),
                    second.address().server(),
                    first.address().database()));
    try (SheafCommand migrate = SheafCommand.start(primary, Map.of(), "migrate", "up")) {
      assertThat(migrate.await()).as("%s", migrate.said()).isZero();
    }
    try (SheafCommand create =
        SheafCommand.start(primary, Map.of(), "key", "create", "--role", "admin", "--quiet")) {
      assertThat(create.await()).as("%s", create.said()).isZero();
      key = String.join("", create.said());
    }
    return SheafProcess.start(
        TestDatabase.at(both),
        Map.of(
            "SHEAF_ACCESS_MODE",
            "required",
            // Each request asks for its key.
            "SHEAF_ACCESS_RECHECK_EVERY",
            "0s",
            "SHEAF_REPLICAS_READS",
            "search,list,export",
            "SHEAF_REPLICAS_URL",
            "postgres://%s,%s/%s"
                .formatted(
                    first.address().server(),
                    second.address().server(),
                    first.address().database())));
  }

  private void standbyAnswers() throws Exception {
    put("first", "1");
    double before = reads("standby", "none");
    await().until(() -> found(C, "1", null));
    assertThat(reads("standby", "none")).isGreaterThan(before);
  }

  private void aStaleStandbyDoesNotAnswerWhoHasWritten() throws Exception {
    standby.execute("SELECT pg_wal_replay_pause()");
    await()
        .until(() ->
            standby.query("SELECT pg_get_wal_replay_pause_state()").equals(List.of("paused")));
    String position = put("second", "2");

    assertThat(found(C, "2", null)).isFalse();
    assertThat(found(C, "2", position)).isTrue();
    assertThat(batchFinds("2", position)).isTrue();
    for (String type : READS) {
      assertThat(lists(C, type, "2", null)).as(type).isFalse();
      assertThat(lists(C, type, "2", position)).as(type).isTrue();
    }
    assertThat(reads("primary", "behind")).isPositive();
    // What the standby has never heard of is looked up on the primary.
    assertThat(send("POST", "/api/v1/collections", collection("new"), null).statusCode())
        .isEqualTo(201);
    assertThat(found("/api/v1/collections/new", "2", null)).isFalse();
    for (String type : READS) {
      assertThat(lists("/api/v1/collections/new", type, "2", null)).as(type).isFalse();
    }

    standby.execute("SELECT pg_wal_replay_resume()");
    await().until(() -> found(C, "2", null));
    double before = reads("standby", "none");
    assertThat(found(C, "2", position)).isTrue();
    assertThat(reads("standby", "none")).isEqualTo(before + 1);
    for (String type : READS) {
      assertThat(lists(C, type, "2", position)).as(type).isTrue();
    }
    assertThat(reads("standby", "none")).isEqualTo(before + 3);
    // A position that no server has reached, as after a failover that lost writes.
    assertThat(found(C, "2", "FFFFFFFF/0")).isTrue();
    HttpResponse<String> malformed =
        send("POST", C + "/search", LATEST.formatted("2"), "no position");
    assertThat(malformed.statusCode()).isEqualTo(400);
    assertThat(malformed.body()).contains("Sheaf-After must be a value of Sheaf-Written");
  }

  private void concurrentWritersFindWhatTheyWrote() throws Exception {
    double standbys = reads("standby", "none");
    double behind = reads("primary", "behind");
    List<Callable<Integer>> writers = new ArrayList<>();
    for (int i = 0; i < WRITERS; i++) {
      String document = "writer" + i;
      writers.add(() -> {
        int lost = 0;
        for (int n = 0; n < PAIRS / WRITERS; n++) {
          String value = document + "-" + n;
          String position = put(document, value);
          lost += found(C, value, position) ? 0 : 1;
        }
        return lost;
      });
    }
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (Future<Integer> lost : threads.invokeAll(writers)) {
        assertThat(lost.get()).isZero();
      }
    }
    System.out.printf(
        "%s pairs of a write and a search with its position: 0 stale, %.0f answered by the standby, %.0f by the primary because the standby was behind%n",
        PAIRS, reads("standby", "none") - standbys, reads("primary", "behind") - behind);
  }

  /// Replay waits ten milliseconds for queries that hold a lock it needs, and then cancels them.
  private void replayCancelsNoSearch() throws Exception {
    standby.execute("ALTER SYSTEM SET max_standby_streaming_delay = '10ms'");
    standby.execute("SELECT pg_reload_conf()");
    String table =
        primary.query("SELECT 'chunk_' || id FROM collection WHERE name = 'c'").getFirst();
    try (var locker = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<?> locks =
          locker.submit(() -> {
            for (int n = 0; n < WRITES; n++) {
              primary.execute("BEGIN; LOCK TABLE " + table + " IN ACCESS EXCLUSIVE MODE; COMMIT");
            }
            return null;
          });
      searchesFind("1", null);
      locks.get();
    }
  }

  /// Several at a time, so that each pool opens several connections.
  private void searchesFind(String value, @Nullable String after) throws Exception {
    Callable<Integer> searches =
        () -> {
          int failed = 0;
          for (int n = 0; n < WRITES; n++) {
            failed += found(C, value, after) ? 0 : 1;
          }
          return failed;
        };
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (Future<Integer> failed : threads.invokeAll(Collections.nCopies(WRITERS, searches))) {
        assertThat(failed.get()).isZero();
      }
    }
  }

  /// Leaves connections to the primary in the pool of standbys.
  private void nobodyNeedsTheStandby(LocalPostgres second) throws Exception {
    second.stop();
    searchesFind("1", null);
    for (String type : READS) {
      assertThat(lists(C, type, "1", null)).as(type).isTrue();
    }
    second.startIfStopped();
    await()
        .until(() -> {
          double before = reads("standby", "none");
          return found(C, "1", null) && reads("standby", "none") > before;
        });
  }

  /// A service that knows only the standby. Its background work rests.
  private SheafProcess readerOfTheStandby() throws Exception {
    SheafProcess reader = SheafProcess.start(standby, Map.of("SHEAF_INDEX_CHECK_EVERY", "1s"));
    await()
        .until(() ->
            reader
                .send("GET", "/q/health/ready", "")
                .body()
                .contains("the database is read-only: the server is a standby"));
    HttpResponse<String> search = reader.send("POST", C + "/search", LATEST.formatted("1"));
    assertThat(search.body()).contains("\"document\"");
    HttpResponse<String> put = reader.send("PUT", C + "/documents/reader", document("7"));
    assertThat(put.statusCode()).isEqualTo(503);
    assertThat(put.body()).contains("urn:sheaf:problem:database-read-only", "is a standby");
    return reader;
  }

  private static void theReaderWrites(SheafProcess reader) throws Exception {
    await()
        .until(
            () -> reader.send("PUT", C + "/documents/reader", document("7")).statusCode() == 201);
    await().until(() -> reader.log().stream().anyMatch(line -> line.contains(WRITABLE)));
    assertThat(reader.log())
        .filteredOn(line -> line.contains("\"WARN\""))
        .allMatch(line ->
            line.contains("the server is a standby")
                || line.contains(WRITABLE)
                || line.contains("Access control is off"));
  }

  private void searchesNeedNoPrimary(LocalPostgres first) throws Exception {
    String position = put("last", "3");
    await().until(() -> found(C, "3", null));
    first.stop();
    searchesFind("3", position);
    assertThat(lists(C, "application/json", "3", position)).isTrue();
    assertThat(send("PUT", C + "/documents/lost", document("4"), null).statusCode()).isEqualTo(503);

    standby.execute("SELECT pg_promote()");
    await()
        .until(
            () -> send("PUT", C + "/documents/after", document("5"), null).statusCode() / 100 == 2);
    assertThat(found(C, "5", put("after", "6"))).isFalse();
    assertThat(found(C, "6", put("after", "6"))).isTrue();
    assertThat(found(C, "3", position)).isTrue();
  }

  private static String collection(String name) {
    return "{\"name\":\"%s\",\"model\":\"none\",\"dimensions\":2}".formatted(name);
  }

  private static String document(String value) {
    return "{\"metadata\":{\"key\":\"%s\"},\"chunks\":[{\"text\":\"tides\",\"vector\":[1,0]}]}"
        .formatted(value);
  }

  /// Returns the position of the write.
  private String put(String document, String value) throws Exception {
    HttpResponse<String> response =
        send("PUT", C + "/documents/" + document, document(value), null);
    assertThat(response.statusCode()).as(response.body()).isBetween(200, 201);
    return response.headers().firstValue("Sheaf-Written").orElseThrow();
  }

  private boolean found(String collection, String value, @Nullable String after) throws Exception {
    HttpResponse<String> response =
        send("POST", collection + "/search", LATEST.formatted(value), after);
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return response.body().contains("\"document\"");
  }

  /// Whether a list, or an export, has a document.
  private boolean lists(String collection, String type, String value, @Nullable String after)
      throws Exception {
    var headers = headers(after);
    headers.put("Accept", type);
    HttpResponse<String> response =
        service.send("GET", collection + "/documents?limit=1000", "", headers);
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return response.body().matches("(?s).*\"key\":\\s*\"" + value + "\".*");
  }

  private boolean batchFinds(String value, String after) throws Exception {
    String search = "{\"collection\":\"c\",\"search\":" + LATEST.formatted(value) + "}";
    HttpResponse<String> response =
        send("POST", "/api/v1/search/batch", "{\"searches\":[" + search + "]}", after);
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return response.body().contains("\"document\"");
  }

  private double reads(String server, String reason) throws Exception {
    String series =
        "sheaf_replicas_reads_total{answered_by=\"%s\",reason=\"%s\"} ".formatted(server, reason);
    return send("GET", "/q/metrics", "", null)
        .body()
        .lines()
        .filter(line -> line.startsWith(series))
        .mapToDouble(line -> Double.parseDouble(line.substring(series.length())))
        .sum();
  }

  private HttpResponse<String> send(String method, String path, String body, @Nullable String after)
      throws Exception {
    return service.send(method, path, body, headers(after));
  }

  private Map<String, String> headers(@Nullable String after) {
    var headers = new HashMap<>(Map.of("Authorization", "Bearer " + key));
    if (after != null) {
      headers.put("Sheaf-After", after);
    }
    return headers;
  }
}
