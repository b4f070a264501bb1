package harness;

import dev.sheaf.embedding.EmbeddingModel;
import harness.Processes.Backends;
import harness.Processes.Cpu;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/// Uploads into empty collections without an index, and what they could at best take.
final class IngestBench {

  private static final String DOCUMENT =
      "collection_id, id, external_id, title, uri, metadata, content_hash, created_at, updated_at";
  private static final String CHUNK =
      "collection_id, document_id, ordinal, text, token_count, start_offset, end_offset";
  private static final String EMBEDDING = "space_id, collection_id, document_id, ordinal, vector";

  private final Report report;
  private final Database database;
  private final Path work;
  private final int rounds;
  private final Backends backends;

  IngestBench(Report report, Database database, Path work, int rounds) throws Exception {
    this.report = report;
    this.database = database;
    this.work = work;
    this.rounds = rounds;
    this.backends = database.backends();
  }

  /// The rates of one contender, in rows or texts a second, by round; what it cost.
  private static final class Rates {
    final List<Double> all = new ArrayList<>();
    double serviceCpu;
    double serverCpu;
    long rows;

    void add(long count, double seconds, Cpu cpu) {
      all.add(count / seconds);
      rows += count;
      serviceCpu += cpu.service();
      serverCpu += cpu.server();
    }

    double median() {
      return median(all.stream().mapToDouble(rate -> rate).toArray());
    }

    double ratio(Rates to) {
      return median(
          IntStream.range(0, all.size()).mapToDouble(i -> all.get(i) / to.all.get(i)).toArray());
    }

    private static double median(double[] values) {
      double[] sorted = values.clone();
      Arrays.sort(sorted);
      int middle = sorted.length / 2;
      return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
  }

  /// Something that takes a while, on behalf of these processes.
  interface Task {
    void run() throws Exception;
  }

  private void timed(Rates rates, long count, List<Long> services, Task task) throws Exception {
    Cpu before = Cpu.now(services, backends);
    long begun = System.nanoTime();
    task.run();
    double seconds = (System.nanoTime() - begun) / 1e9;
    rates.add(count, seconds, Cpu.now(services, backends).since(before));
  }

  // ---- Vectors ----------------------------------------------------------------------------------

  /// @param services by name, Sheaf first
  /// @param storeRows how many of them the stores get, which take longer
  void vectors(
      Vectors vectors, int dimensions, int rows, int storeRows, Map<String, Service> services)
      throws Exception {
    Service sheaf = services.get("sheaf");
    Path numbers = work.resolve("numbers.ndjson");
    Path base64 = work.resolve("base64.ndjson");
    Path few = work.resolve("few.ndjson");
    Data.write(numbers, rows, vectors, dimensions, Data.Form.NUMBERS);
    Data.write(base64, rows, vectors, dimensions, Data.Form.BASE64);
    Data.write(few, storeRows, vectors, dimensions, Data.Form.NUMBERS);
    Map<String, Rates> rates = new LinkedHashMap<>();
    // The first round warms up.
    for (int round = 0; round <= rounds; round++) {
      Map<String, Rates> these = round == 0 ? new LinkedHashMap<>() : rates;
      upload(sheaf, base64, rows, dimensions, rate(these, "sheaf, base64"));
      drop(sheaf);
      upload(sheaf, numbers, rows, dimensions, rate(these, "sheaf, numbers"));
      copy(rows, rate(these, "COPY (FORMAT binary), psql"));
      drop(sheaf);
      for (Map.Entry<String, Service> store : services.entrySet()) {
        if (!store.getKey().equals("sheaf")) {
          timed(
              rate(these, store.getKey()),
              storeRows,
              List.of(store.getValue().pid()),
              () -> send(store.getValue(), "ingest", few));
          database.execute("DROP TABLE " + store.getKey() + "_ingest");
        }
      }
    }
    String of = "ingest of %,d x %d with vectors".formatted(rows, dimensions);
    print(of, "rows/s", "COPY (FORMAT binary), psql", rates);
    report.goal(
        of + ": rows/s to COPY",
        rates.get("sheaf, numbers").ratio(rates.get("COPY (FORMAT binary), psql")),
        0.60,
        true);
  }

  private static Rates rate(Map<String, Rates> rates, String name) {
    return rates.computeIfAbsent(name, _ -> new Rates());
  }

  private void upload(Service sheaf, Path file, int rows, int dimensions, Rates rates)
      throws Exception {
    Data.create(sheaf, "ingest", dimensions, 40, false);
    timed(rates, rows, List.of(sheaf.pid()), () -> send(sheaf, "ingest", file));
  }

  private static void drop(Service sheaf) throws IOException {
    HttpClient.once(sheaf, "DELETE", "/api/v1/collections/ingest", "").orFail();
  }

  static void send(Service service, String collection, Path file) throws IOException {
    try (var client = new HttpClient(service)) {
      String answer =
          client.upload("/api/v1/collections/" + collection + "/documents", file).orFail().text();
      if (!answer.contains("\"failed\":0")) {
        throw new IOException("not all went in: " + answer);
      }
    }
  }

  /// The same rows, byte for byte, into the same tables, emptied.
  private void copy(int rows, Rates rates) throws Exception {
    long collection = database.number("SELECT id FROM collection WHERE name = 'ingest'");
    long space = database.number("SELECT active_space_id FROM collection WHERE id = " + collection);
    Map<String, String> columns = new LinkedHashMap<>();
    columns.put("document_" + collection, DOCUMENT);
    columns.put("chunk_" + collection, CHUNK);
    columns.put("embedding_" + space, EMBEDDING);
    var out = new ArrayList<String>();
    var in = new ArrayList<>(List.of("-1"));
    columns.forEach((table, names) -> {
      Path file = work.resolve(table.replaceAll("_.*", ""));
      out.addAll(
          List.of(
              "-c",
              "\\copy (SELECT %s FROM %s) TO '%s' (FORMAT binary)".formatted(names, table, file)));
      in.addAll(
          List.of("-c", "\\copy %s (%s) FROM '%s' (FORMAT binary)".formatted(table, names, file)));
    });
    psql(out);
    database.execute("TRUNCATE " + String.join(", ", columns.keySet()));
    timed(rates, rows, List.of(), () -> psql(in));
  }

  private void psql(List<String> arguments) throws Exception {
    var command = new ArrayList<>(List.of("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1"));
    command.addAll(arguments);
    var builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().putAll(database.environment());
    Process process = builder.start();
    String said = new String(process.getInputStream().readAllBytes());
    if (process.waitFor() != 0) {
      throw new IOException("psql: " + said);
    }
  }

  // ---- Peers ------------------------------------------------------------------------------------

  /// Uploads of the whole corpus until the indexes find it. It stays.
  void indexed(Vectors vectors, List<Peer> peers) throws Exception {
    Path documents = work.resolve("documents.ndjson");
    Data.write(documents, vectors.rows(), vectors, Vectors.BASE, Data.Form.BASE64);
    Map<String, Rates> rates = new LinkedHashMap<>();
    for (int round = 0; round <= rounds; round++) {
      Map<String, Rates> these = round == 0 ? new LinkedHashMap<>() : rates;
      for (Peer peer : peers) {
        Task load = peer.load(documents);
        timed(rate(these, peer.name()), vectors.rows(), List.of(peer.service().pid()), load);
      }
    }
    String of = "%,d x %d stored and indexed".formatted(vectors.rows(), Vectors.BASE);
    print(of, "rows/s", peers.getFirst().name(), rates);
  }

  // ---- Text -------------------------------------------------------------------------------------

  void text(EmbeddingModel model, int texts, Service sheaf) throws Exception {
    Path file = work.resolve("text.ndjson");
    Data.write(file, texts, null, 0, Data.Form.TEXT);
    List<String> all = IntStream.range(0, texts).mapToObj(Corpus::text).toList();
    Map<String, Rates> rates = new LinkedHashMap<>();
    for (int round = 0; round <= rounds; round++) {
      Map<String, Rates> these = round == 0 ? new LinkedHashMap<>() : rates;
      timed(
          rate(these, "the model alone"),
          texts,
          List.of(),
          () -> model.embed(all, EmbeddingModel.Purpose.DOCUMENT));
      Data.create(sheaf, "ingest", 0, 40, true);
      timed(rate(these, "sheaf"), texts, List.of(sheaf.pid()), () -> send(sheaf, "ingest", file));
      drop(sheaf);
    }
    String of = "ingest of %,d texts".formatted(texts);
    print(of, "texts/s", "the model alone", rates);
    report.goal(
        of + ": texts/s to the model alone",
        rates.get("sheaf").ratio(rates.get("the model alone")),
        0.90,
        true);
  }

  private void print(String of, String unit, String raw, Map<String, Rates> rates) {
    report.title(of, "%8s  ratio   service postgres ms each".formatted(unit));
    rates.forEach((name, each) -> {
      double thousands = each.rows / 1e3;
      report.line(
          name,
          "%8.0f  %5.2f     %5.3f    %5.3f",
          each.median(),
          each.ratio(rates.get(raw)),
          each.serviceCpu / thousands,
          each.serverCpu / thousands);
      var result = new LinkedHashMap<String, Object>();
      result.put("work", of);
      result.put("by", name);
      result.put("perSecond", each.median());
      result.put("eachRound", each.all);
      result.put("ratio", each.ratio(rates.get(raw)));
      result.put("serviceCpu", each.serviceCpu / thousands);
      result.put("postgresCpu", each.serverCpu / thousands);
      report.result(result);
    });
  }
}
