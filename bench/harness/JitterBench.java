package harness;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import harness.Processes.Backends;
import harness.Processes.Cpu;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;

/// How much longer the slowest searches of a collection take while rows arrive, and while its index
/// is built: at a rate that the machine bears at rest, beside the same searches at rest, in turns.
final class JitterBench {

  private static final ObjectMapper JSON = new ObjectMapper();

  private static final String NAME = "benchjitter";
  private static final int CONNECTIONS = 2;
  private static final int SEARCHES_PER_SECOND = 100;
  private static final int ROWS_PER_SECOND = 500;
  private static final int UPLOADS_PER_SECOND = 10;
  private static final double GOAL = 2;
  private static final Duration INDEXED_WITHIN = Duration.ofMinutes(30);

  private final Report report;
  private final Vectors vectors;
  private final Service service;
  private final Path work;
  private final int rounds;
  private final int seconds;
  private final List<byte[]> requests = new ArrayList<>();
  private int rows;

  JitterBench(Report report, Vectors vectors, Service service, Path work, int rounds, int seconds) {
    this.report = report;
    this.vectors = vectors;
    this.service = service;
    this.work = work;
    this.rounds = rounds;
    this.seconds = seconds;
  }

  void run(Backends backends) throws Exception {
    Data.create(service, NAME, Vectors.BASE, 40, false);
    for (int query = 0; query < Corpus.QUERIES; query++) {
      requests.add(
          HttpClient.request(
              service,
              "POST",
              path("/search"),
              JSON.writeValueAsString(
                      Map.of("vector", vectors.query(query, Vectors.BASE), "limit", Truth.K))
                  .getBytes(StandardCharsets.UTF_8)));
    }
    // The others arrive while it is measured.
    upload(Math.max(vectors.rows() / 2, vectors.rows() - rounds * seconds * ROWS_PER_SECOND));
    awaitIndex();
    new OverHttp("warm-up", service, requests, backends).run(4, 40);

    var rest = new ArrayList<Load>();
    var arriving = new ArrayList<Load>();
    var building = new ArrayList<Load>();
    for (int round = 0; round < rounds; round++) {
      rest.add(search(seconds));
      arriving.add(searchWhileRowsArrive());
      building.add(searchWhileAnIndexIsBuilt(round));
    }
    report.title(
        "%d searches/s of %,d x %d, %d connections"
            .formatted(SEARCHES_PER_SECOND, rows, Vectors.BASE, CONNECTIONS),
        "searches     p50     p95     p99     max ms   p99 to rest");
    line("at rest", rest, rest);
    line("%d rows/s arrive".formatted(ROWS_PER_SECOND), arriving, rest);
    line("an index is built", building, rest);
    HttpClient.once(service, "DELETE", path(""), "").orFail();
  }

  private void line(String name, List<Load> loads, List<Load> rest) {
    Load all = loads.stream().reduce(Load::plus).orElseThrow();
    // The median of what each round says, because the machine changes from round to round.
    double[] ratios = new double[loads.size()];
    for (int i = 0; i < ratios.length; i++) {
      ratios[i] = loads.get(i).percentile(0.99) / rest.get(i).percentile(0.99);
    }
    Arrays.sort(ratios);
    double ratio = ratios[ratios.length / 2];
    report.line(
        name,
        "%8d  %6.2f  %6.2f  %6.2f  %6.2f        %5.2f",
        all.micros().length,
        all.percentile(0.5),
        all.percentile(0.95),
        all.percentile(0.99),
        all.percentile(1),
        ratio);
    var result = new LinkedHashMap<String, Object>();
    result.put("work", "jitter, " + name);
    result.put("searches", all.micros().length);
    result.put("p50", all.percentile(0.5));
    result.put("p95", all.percentile(0.95));
    result.put("p99", all.percentile(0.99));
    result.put("p99ToRest", ratio);
    report.result(result);
    if (loads != rest) {
      report.goal("p99 of searches to that at rest, while " + name, ratio, GOAL, false);
    }
  }

  private Load searchWhileRowsArrive() throws Exception {
    int perUpload = ROWS_PER_SECOND / UPLOADS_PER_SECOND;
    var files = new ArrayList<Path>();
    for (int i = 0; i < seconds * UPLOADS_PER_SECOND && rows + perUpload <= vectors.rows(); i++) {
      files.add(write(rows, rows + perUpload));
      rows += perUpload;
    }
    if (files.isEmpty()) {
      throw new IllegalStateException("too few rows for so many rounds and seconds");
    }
    try (var thread = Executors.newSingleThreadExecutor()) {
      Future<?> uploads = thread.submit(() -> upload(files));
      Load load = search(seconds);
      uploads.get();
      return load;
    } finally {
      for (Path file : files) {
        Files.delete(file);
      }
    }
  }

  private Void upload(List<Path> files) throws IOException {
    try (var client = new HttpClient(service)) {
      long begun = System.nanoTime();
      for (int i = 0; i < files.size(); i++) {
        awaitTurn(begun, i, UPLOADS_PER_SECOND);
        client.upload(path("/documents"), files.get(i)).orFail();
      }
      return null;
    }
  }

  /// Other settings of the index have it built anew.
  private Load searchWhileAnIndexIsBuilt(int round) throws Exception {
    HttpClient.once(service, "PATCH", path(""), "{\"hnsw\": {\"m\": %d}}".formatted(17 + round % 2))
        .orFail();
    Instant latest = Instant.now().plus(INDEXED_WITHIN);
    while (!index().has("build")) {
      requireBefore(latest);
      Thread.sleep(20);
    }
    var load = new Load(0, new int[0], Cpu.NONE);
    while (index().has("build")) {
      requireBefore(latest);
      load = load.plus(search(1));
    }
    return load;
  }

  /// Searches at a fixed rate. A search that has to wait for the one before it counts from when it
  /// was due.
  private Load search(int howLong) throws Exception {
    var searches = new ArrayList<Future<int[]>>();
    try (var threads = Executors.newFixedThreadPool(CONNECTIONS)) {
      for (int i = 0; i < CONNECTIONS; i++) {
        int first = i * requests.size() / CONNECTIONS;
        searches.add(threads.submit(() -> search(first, howLong)));
      }
      var load = new Load(howLong, new int[0], Cpu.NONE);
      for (Future<int[]> each : searches) {
        load = load.plus(new Load(0, each.get(), Cpu.NONE));
      }
      return load;
    }
  }

  private int[] search(int first, int howLong) throws IOException {
    int rate = SEARCHES_PER_SECOND / CONNECTIONS;
    var micros = new int[rate * howLong];
    try (var client = new HttpClient(service)) {
      long begun = System.nanoTime();
      for (int i = 0; i < micros.length; i++) {
        long due = awaitTurn(begun, i, rate);
        client.send(requests.get((first + i) % requests.size())).orFail();
        micros[i] = (int) ((System.nanoTime() - due) / 1_000);
      }
    }
    return micros;
  }

  private static long awaitTurn(long begun, int turn, int perSecond) {
    long due = begun + turn * 1_000_000_000L / perSecond;
    for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
      LockSupport.parkNanos(left);
    }
    return due;
  }

  private void upload(int count) throws Exception {
    Path file = write(0, count);
    upload(List.of(file));
    Files.delete(file);
    rows = count;
  }

  private Path write(int from, int to) throws IOException {
    Path file = Files.createTempFile(work, "jitter", ".ndjson");
    Data.write(file, from, to, row -> vectors.row(row, Vectors.BASE), Data.Form.BASE64);
    return file;
  }

  private JsonNode index() throws IOException {
    return JSON.readTree(HttpClient.once(service, "GET", path("/index"), "").orFail().body());
  }

  private void awaitIndex() throws Exception {
    Instant latest = Instant.now().plus(INDEXED_WITHIN);
    for (JsonNode index = index();
        index.has("build") || !index.path("index").path("valid").booleanValue();
        index = index()) {
      requireBefore(latest);
      Thread.sleep(500);
    }
  }

  private static void requireBefore(Instant latest) {
    if (Instant.now().isAfter(latest)) {
      throw new IllegalStateException("no index after " + INDEXED_WITHIN);
    }
  }

  private static String path(String rest) {
    return "/api/v1/collections/" + NAME + rest;
  }
}
