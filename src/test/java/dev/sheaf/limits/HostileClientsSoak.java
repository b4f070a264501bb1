package dev.sheaf.limits;

import static dev.sheaf.testing.Patience.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sheaf.testing.SheafCommand;
import dev.sheaf.testing.SheafProcess;
import dev.sheaf.testing.TestDatabase;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntPredicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/// The service with the heap of the image, while clients send the most expensive requests that are
/// possible, all of them concurrently. A process without memory would exit.
///
/// Without other options, each is sent once. With `-Dsheaf.soak.maxima-seconds`, as in `make soak`,
/// an admin, a writer, a reader and a client without a key send them at random for as long, while
/// another tenant searches. `-Dsheaf.test.seed=N` repeats the order of a run.
class HostileClientsSoak {

  private static final String HEAP = "154m";

  private static final Map<String, String> AS_IN_THE_IMAGE =
      Map.of(
          "JAVA_TOOL_OPTIONS",
          "-XX:+UseSerialGC -XX:+ExitOnOutOfMemoryError",
          "SHEAF_METRICS_EVERY",
          "off",
          "SHEAF_ACCESS_MODE",
          "");

  private static final String C = "/api/v1/collections/c";

  /// Stands for a response that was lost, because the service closed the connection while the
  /// client was still sending its body.
  private static final int CLOSED = 499;

  /// Fewer than the service accepts, so that the other requests get a connection.
  private static final int SILENT = 700;

  private static final int MEGABYTE = 1024 * 1024;

  private static final Duration SOAK =
      Duration.ofSeconds(Integer.getInteger("sheaf.soak.maxima-seconds", 0));

  private static final int CLIENTS = 24;

  /// How many searches of the other tenant are measured before the others begin.
  private static final int AT_REST = 500;

  private static final String RESERVED = "sheaf_memory_reserved_bytes ";

  private static final String TENANT = "/api/v1/collections/tenant";

  private String key = "";

  /// The key that the requests of a thread use instead of [#key].
  private final ThreadLocal<String> role = ThreadLocal.withInitial(() -> key);

  @Test
  void theServiceAnswersAndLives() throws Exception {
    try (TestDatabase database = TestDatabase.migrated();
        SheafProcess service = SheafProcess.start(database, AS_IN_THE_IMAGE, HEAP);
        ExecutorService clients = Executors.newFixedThreadPool(CLIENTS)) {
      key = createKey(database, "admin");
      fill(service, database);
      List<Socket> silent = announceBodies(service, SILENT);
      List<Integer> statuses = new ArrayList<>();
      for (Future<Integer> status : clients.invokeAll(requests(service).values())) {
        statuses.add(status.get());
      }
      if (!SOAK.isZero()) {
        statuses.addAll(soak(service, database));
      }

      assertThat(statuses)
          // 504 is the answer to a search that reached its own time limit.
          .allMatch(status -> (status >= 200 && status < 500) || status == 503 || status == 504)
          // Not everything is rejected.
          .contains(200);
      // As 503 promises, what did not fit into memory beside the others is answered later.
      await().until(() -> status(service, "POST", C + "/search", manyValues()) == 422);
      await().until(() -> status(service, "POST", C + "/search", "{\"vector\":[1,0]}") == 200);
      await().until(() -> status(service, "PUT", C + "/documents/big", bigDocument(0)) < 300);
      // Each needs most of the memory.
      for (Future<Integer> status :
          clients.invokeAll(
              List.<Callable<Integer>>of(
                  () -> upload(service, "line0"), () -> upload(service, "line1")))) {
        assertThat(status.get()).isEqualTo(200);
      }

      // More than the service accepts. It closes idle ones, so that other clients get through.
      silent.addAll(announceBodies(service, 1_500));
      await().until(() -> status(service, "POST", C + "/search", "{\"vector\":[1,0]}") == 200);
      assertThat(service.log()).noneMatch(line -> line.contains("java.lang.OutOfMemoryError"));
      for (Socket socket : silent) {
        socket.close();
      }
    }
  }

  /// Sends requests at random until the time is over. Prints how many got which status, and how
  /// long the searches of the other tenant took.
  ///
  /// @return the statuses, each once
  private Set<Integer> soak(SheafProcess service, TestDatabase database) throws Exception {
    long seed = Long.getLong("sheaf.test.seed", new Random().nextLong());
    List<String> roles =
        List.of(key, createKey(database, "writer"), createKey(database, "reader"), "nobody");
    String tenant = createKey(database, "reader");
    fillTenant(service);
    Map<String, Callable<Integer>> maxima = requests(service);
    maxima.putAll(otherMaxima(service));
    printCosts(service, maxima);
    List<Callable<Integer>> requests = List.copyOf(maxima.values());
    var statuses = new ConcurrentSkipListMap<Integer, AtomicInteger>();
    long[] before = latencies(service, tenant, statuses, count -> count < AT_REST);

    long end = System.nanoTime() + SOAK.toNanos();
    statuses.clear();
    var ofTenant = new ConcurrentSkipListMap<Integer, AtomicInteger>();
    long[] during;
    try (ExecutorService hostile = Executors.newFixedThreadPool(CLIENTS)) {
      List<Future<?>> running = new ArrayList<>();
      for (int i = 0; i < CLIENTS; i++) {
        var random = new Random(seed + i);
        running.add(
            hostile.submit(() -> {
              while (System.nanoTime() < end) {
                role.set(roles.get(random.nextInt(roles.size())));
                count(statuses, requests.get(random.nextInt(requests.size())).call());
              }
              return null;
            }));
      }
      during = latencies(service, tenant, ofTenant, _ -> System.nanoTime() < end);
      for (Future<?> client : running) {
        client.get();
      }
    }
    System.out.printf(
        "maxima: seed %s, %s s, statuses %s; searches of another tenant %s,"
            + " p99 %s ms at rest, %s ms meanwhile, slowest %s ms%n",
        seed,
        SOAK.toSeconds(),
        statuses,
        ofTenant,
        p99(before),
        p99(during),
        during[during.length - 1]);
    // Some may be rejected, most are answered.
    assertThat(ofTenant.keySet()).isSubsetOf(200, 503);
    assertThat(ofTenant.getOrDefault(200, new AtomicInteger()).get())
        .isGreaterThan(during.length * 9 / 10);
    return statuses.keySet();
  }

  /// Prints what each request costs alone: its time, the heap that it reserves, and what is left on
  /// the heap afterwards.
  private void printCosts(SheafProcess service, Map<String, Callable<Integer>> maxima)
      throws Exception {
    System.out.println("| Request | Status | Milliseconds | MB reserved | MB live afterwards |");
    for (Map.Entry<String, Callable<Integer>> maximum : maxima.entrySet()) {
      var over = new AtomicBoolean();
      try (ExecutorService sampler = Executors.newVirtualThreadPerTaskExecutor()) {
        Future<Long> reserved =
            sampler.submit(() -> {
              long most = 0;
              while (!over.get()) {
                most = Math.max(most, reserved(service));
              }
              return most;
            });
        long start = System.nanoTime();
        int status;
        try {
          status = maximum.getValue().call();
        } finally {
          over.set(true);
        }
        System.out.printf(
            "| %s | %s | %s | %.1f | %.1f |%n",
            maximum.getKey(),
            status,
            (System.nanoTime() - start) / 1_000_000,
            reserved.get() / 1e6,
            service.liveBytes() / 1e6);
      }
    }
  }

  private long reserved(SheafProcess service) throws Exception {
    return service
        .send("GET", "/q/metrics", "", Map.of("Authorization", "Bearer " + key))
        .body()
        .lines()
        .filter(line -> line.startsWith(RESERVED))
        .mapToLong(line -> (long) Double.parseDouble(line.substring(RESERVED.length())))
        .sum();
  }

  private static void count(Map<Integer, AtomicInteger> statuses, int status) {
    statuses.computeIfAbsent(status, _ -> new AtomicInteger()).incrementAndGet();
  }

  private static long p99(long[] sorted) {
    return sorted[sorted.length * 99 / 100];
  }

  /// The times of searches in milliseconds, in order.
  private long[] latencies(
      SheafProcess service,
      String tenant,
      Map<Integer, AtomicInteger> statuses,
      IntPredicate goesOn)
      throws Exception {
    role.set(tenant);
    var times = LongStream.builder();
    for (int count = 0; goesOn.test(count); count++) {
      long start = System.nanoTime();
      count(statuses, status(service, "POST", TENANT + "/search", "{\"vector\":[1,0]}"));
      times.add((System.nanoTime() - start) / 1_000_000);
    }
    role.remove();
    return times.build().sorted().toArray();
  }

  private void fillTenant(SheafProcess service) throws Exception {
    assertThat(
            status(
                service,
                "POST",
                "/api/v1/collections",
                "{\"name\":\"tenant\",\"model\":\"none\",\"dimensions\":2}"))
        .isEqualTo(201);
    String lines =
        IntStream.range(0, 2_000)
            .mapToObj(i ->
                "{\"id\":\"d%1$s\",\"chunks\":[{\"text\":\"tides\",\"vector\":[1,%1$s]}]}\n"
                    .formatted(i))
            .collect(Collectors.joining());
    assertThat(upload(service, TENANT, lines)).isEqualTo(200);
  }

  /// Further requests that reach the bounds of docs/limits.md, and some that are past them.
  private Map<String, Callable<Integer>> otherMaxima(SheafProcess service) {
    Map<String, Callable<Integer>> requests = new LinkedHashMap<>();
    String search = C + "/search";
    String thousand = "{\"vector\":[1,0],\"limit\":1000,\"filter\":";
    requests.put(
        "filter of 1,000 values",
        () ->
            status(
                service,
                "POST",
                search,
                thousand + "{\"a\":{\"$in\":[" + list(1_000, "1") + "]}}}"));
    requests.put(
        "filter of 992,000 characters",
        () ->
            status(
                service,
                "POST",
                search,
                thousand
                    + "{\"a\":{\"$in\":["
                    + list(124, "\"" + "x".repeat(8_000) + "\"")
                    + "]}}}"));
    requests.put(
        "filter of 32 levels",
        () ->
            status(
                service,
                "POST",
                search,
                thousand + "{\"$not\":".repeat(31) + "{}" + "}".repeat(31) + "}"));
    requests.put(
        "filter of 19,000 parameters",
        () ->
            status(
                service,
                "POST",
                search,
                thousand
                    + "{\"$or\":["
                    + list(150, "{\"" + "a.".repeat(31) + "a\":{\"$gt\":\"x\"}}")
                    + "]}}"));
    requests.put(
        "text of 100,000 bytes",
        () ->
            status(
                service,
                "POST",
                search,
                "{\"mode\":\"fulltext\",\"limit\":1000,\"text\":\""
                    + "tide0 ".repeat(16_600)
                    + "\"}"));
    requests.put(
        "1,000 documents with 100 hits each",
        () ->
            status(
                service,
                "POST",
                search,
                "{\"vector\":[1,0],\"limit\":1000,\"groupBy\":\"document\",\"groupSize\":100}"));
    requests.put(
        "2,048 texts to embed",
        () ->
            status(
                service,
                "POST",
                "/api/v1/embeddings",
                "{\"input\":[" + list(2_048, "\"tides\"") + "]}"));
    requests.put(
        "10,000 chunks of a document",
        () ->
            status(
                service,
                "PUT",
                C + "/documents/chunks",
                "{\"chunks\":[" + list(10_000, "{\"text\":\"a\",\"vector\":[1,0]}") + "]}"));
    requests.put(
        "metadata of 250 numbers of 1,000 digits",
        () ->
            status(
                service,
                "PUT",
                C + "/documents/values",
                "{\"chunks\":[{\"text\":\"a\",\"vector\":[1,0]}],\"title\":\"%s\",\"uri\":\"%s\",\"metadata\":{\"a\":[%s]}}"
                    .formatted("t".repeat(4_000), "u".repeat(8_000), list(250, "1e999"))));
    requests.put(
        "metadata of 4 million levels (past it)",
        () ->
            status(
                service,
                "PUT",
                C + "/documents/nested",
                "{\"text\":\"a\",\"metadata\":" + "[".repeat(4 * MEGABYTE) + "}"));
    requests.put(
        "URL of 63,000 characters",
        () -> status(service, "GET", C + "/documents?filter=" + "%20".repeat(21_000), ""));
    requests.put(
        "deleting by a filter",
        () -> status(service, "DELETE", C + "/documents?filter=%7B%22a%22%3A1%7D", ""));
    requests.put(
        "body for an operation without one (past it)",
        () -> status(service, "POST", C + "/index/measure", "x".repeat(100_000)));
    requests.put("jobs", () -> status(service, "GET", "/api/v1/jobs?limit=1000", ""));
    requests.put("stored upload of 1.2 MB", () -> stored(service));
    requests.put(
        "20 clients that only announce a body",
        () -> {
          for (Socket socket : announceBodies(service, 20)) {
            socket.close();
          }
          return CLOSED;
        });
    return requests;
  }

  private static String list(int count, String element) {
    return element + ("," + element).repeat(count - 1);
  }

  /// An upload for a background job, compressed as far as the ratio allows.
  private int stored(SheafProcess service) throws Exception {
    String line = "{\"id\":\"stored\",\"chunks\":[{\"text\":\"tides\",\"vector\":[1,0]}]}\n";
    return status(
        service,
        "POST",
        C + "/documents",
        line.repeat(20_000),
        Map.of("Content-Type", "application/x-ndjson", "Prefer", "respond-async"));
  }

  private Map<String, Callable<Integer>> requests(SheafProcess service) {
    Map<String, Callable<Integer>> requests = new LinkedHashMap<>();
    // The answer would have 100,000 hits.
    requests.put(
        "batch of 100 searches with limit 1,000 (past it)",
        () -> status(service, "POST", "/api/v1/search/batch", batch(100, 1_000)));
    // These answers have five thousand hits, of 20 MB together.
    requests.put(
        "batch of 50 searches with 5,000 hits",
        () -> status(service, "POST", "/api/v1/search/batch", batch(50, 100)));
    requests.put(
        "batch of 5 searches with 5,000 hits",
        () -> status(service, "POST", "/api/v1/search/batch", batch(5, 1_000)));
    requests.put(
        "filter of 3.3 million values (past it)",
        () -> status(service, "POST", C + "/search", manyValues()));
    // Long paths of millions of values.
    requests.put(
        "metadata of 4 million values (past it)",
        () -> status(service, "PUT", C + "/documents/deep", deep()));
    for (int i = 0; i < 2; i++) {
      int number = i;
      requests.put(
          "put a document of 9 MB, " + number,
          () -> status(service, "PUT", C + "/documents/big" + number, bigDocument(number)));
      requests.put(
          "read a document of 9 MB, " + number,
          () -> status(service, "GET", C + "/documents/big", ""));
      requests.put(
          "read its chunks, " + number,
          () -> status(service, "GET", C + "/documents/big/chunks", ""));
      requests.put("upload a line of 9 MB, " + number, () -> upload(service, "line" + number));
    }
    requests.put(
        "export",
        () ->
            status(service, "GET", C + "/documents", "", Map.of("Accept", "application/x-ndjson")));
    // Metadata that PostgreSQL prints in 30 MB.
    requests.put(
        "hits whose metadata is printed in 30 MB",
        () -> status(service, "POST", C + "/search", "{\"vector\":[0,1],\"limit\":3}"));
    requests.put(
        "read a document whose metadata is printed in 30 MB",
        () -> status(service, "GET", C + "/documents/digits", ""));
    requests.put(
        "page of 1,000 documents", () -> status(service, "GET", C + "/documents?limit=1000", ""));
    requests.put(
        "change that document",
        () -> status(service, "PATCH", C + "/documents/digits", "{\"title\":\"T\"}"));
    return requests;
  }

  private static String createKey(TestDatabase database, String role) throws Exception {
    try (SheafCommand create =
        SheafCommand.start(database, Map.of(), "key", "create", "--role", role, "--quiet")) {
      assertThat(create.await()).isZero();
      return String.join("", create.said());
    }
  }

  private void fill(SheafProcess service, TestDatabase database) throws Exception {
    assertThat(
            status(
                service,
                "POST",
                "/api/v1/collections",
                "{\"name\":\"c\",\"model\":\"none\",\"dimensions\":2}"))
        .isEqualTo(201);
    assertThat(status(service, "PUT", C + "/documents/big", bigDocument(0))).isEqualTo(201);
    assertThat(status(service, "PUT", C + "/documents/many", manyChunks())).isEqualTo(201);
    assertThat(
            status(
                service,
                "PUT",
                C + "/documents/digits",
                "{\"chunks\":[{\"text\":\"digits\",\"vector\":[0,1]}]}"))
        .isEqualTo(201);
    try (Connection connection = database.connect();
        Statement statement = connection.createStatement()) {
      // The service no longer accepts such metadata.
      statement.execute(
          """
          UPDATE document
             SET metadata = jsonb_build_object('k', (SELECT jsonb_agg(1e1000) FROM generate_series(1, 30000)))
           WHERE external_id = 'digits'
          """);
    }
  }

  private static String batch(int searches, int limit) {
    String search =
        "{\"collection\":\"c\",\"search\":{\"vector\":[1,0],\"limit\":%s}}".formatted(limit);
    return "{\"searches\":[" + search + ("," + search).repeat(searches - 1) + "]}";
  }

  /// A filter of millions of values.
  private static String manyValues() {
    String values = "{}" + ",{}".repeat(3_300_000);
    return "{\"vector\":[1,0],\"filter\":{\"a\":{\"$in\":[" + values + "]}}}";
  }

  private static String deep() {
    String name = "n".repeat(900);
    return "{\"text\":\"a\",\"metadata\":"
        + ("{\"" + name + "\":").repeat(90)
        + "[0"
        + ",0".repeat(4 * MEGABYTE)
        + "]"
        + "}".repeat(90)
        + "}";
  }

  /// Almost as large as a body may be. The words are long, because PostgreSQL needs long for many.
  private static String bigDocument(int number) {
    String word = "tide" + number + "x".repeat(990) + " ";
    String chunk = "{\"text\":\"" + word.repeat(96) + "\",\"vector\":[0.5,1]}";
    return "{\"chunks\":[" + chunk + ("," + chunk).repeat(9 * MEGABYTE / chunk.length()) + "]}";
  }

  private static String manyChunks() {
    String chunk =
        "{\"text\":\"" + ("wave" + "s".repeat(195) + " ").repeat(20) + "\",\"vector\":[1,0]}";
    return "{\"chunks\":[" + chunk + ("," + chunk).repeat(1_200) + "]}";
  }

  private int upload(SheafProcess service, String id) throws Exception {
    return upload(service, C, "{\"id\":\"" + id + "\"," + bigDocument(7).substring(1) + "\n");
  }

  private int upload(SheafProcess service, String collection, String lines) throws Exception {
    try {
      return service
          .upload(
              collection + "/documents",
              Map.of("Authorization", "Bearer " + role.get()),
              new ByteArrayInputStream(lines.getBytes(StandardCharsets.UTF_8)))
          .statusCode();
    } catch (IOException e) {
      return CLOSED;
    }
  }

  /// The status of a response, or [#CLOSED].
  private int status(SheafProcess service, String method, String path, String body)
      throws Exception {
    return status(service, method, path, body, Map.of());
  }

  private int status(
      SheafProcess service, String method, String path, String body, Map<String, String> headers)
      throws Exception {
    var all = new HashMap<>(headers);
    all.put("Authorization", "Bearer " + role.get());
    try {
      return service.send(method, path, body, all).statusCode();
    } catch (IOException e) {
      return CLOSED;
    }
  }

  /// Opens connections that send only headers.
  private static List<Socket> announceBodies(SheafProcess service, int count) throws Exception {
    URI uri = service.uri("/");
    byte[] head =
        "POST /api/v1/search/batch HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 65535\r\n\r\n"
            .getBytes(StandardCharsets.US_ASCII);
    List<Socket> sockets = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      var socket = new Socket();
      socket.connect(new InetSocketAddress(uri.getHost(), uri.getPort()));
      sockets.add(socket);
      try {
        OutputStream out = socket.getOutputStream();
        out.write(head);
        out.flush();
      } catch (IOException e) {
        // More connections than the service accepts.
      }
    }
    return sockets;
  }
}
