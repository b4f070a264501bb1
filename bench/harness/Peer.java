package harness;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import harness.Processes.Backends;
import harness.Processes.Cpu;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/// A database that is compared at equal recall: Sheaf, or another one, with the index and the
/// settings that its own documentation recommends.
interface Peer {

  ObjectMapper JSON = new ObjectMapper();

  String name();

  Service service();

  /// Ways to search: settings of which each finds more than the one before, and takes longer.
  List<List<Map<String, Object>>> ways();

  /// Prepares an upload of the corpus in place of what was stored before.
  ///
  /// @param documents lines of JSON, with vectors in base64
  /// @return the upload, which ends as soon as the indexes find all
  IngestBench.Task load(Path documents) throws Exception;

  /// A request as it goes over the wire.
  ///
  /// @param filter fields and their values; empty when there is none
  byte[] request(float[] vector, Map<String, String> filter, Map<String, Object> settings)
      throws IOException;

  /// The contenders that search in this way: over HTTP, and in the process if there is such a way.
  default List<Contender> contenders(
      List<byte[]> requests, Map<String, Object> settings, Backends backends) {
    return List.of(new OverHttp(name(), service(), requests, backends));
  }

  /// Starts those that run here.
  ///
  /// @param module `bench/peers`, with its packages
  static List<Peer> others(Path module, Path work, int rows, Report report)
      throws IOException, InterruptedException {
    var peers = new ArrayList<Peer>();
    for (String index : List.of("hnsw", "rq")) {
      List<String> command =
          List.of(
              "node",
              module.resolve("lancedb.mjs").toString(),
              index,
              work.resolve("lancedb-" + index).toString());
      Path log = work.resolve("lancedb-" + index + ".log");
      peers.add(new LanceDb(Service.start(command, Map.of(), log, Service.LISTENING), index, rows));
    }
    report.about("lancedb", version(module, "@lancedb/lancedb"));
    try {
      peers.add(new Chroma(Chroma.start(module, work)));
      report.about("chroma", version(module, "chromadb"));
    } catch (IOException e) {
      String why =
          e.getMessage()
              .lines()
              .filter(line -> line.contains("Error"))
              .findFirst()
              .orElse(e.getMessage());
      report.about("chroma", "left out, because it does not start here: " + why);
    }
    return peers;
  }

  private static String version(Path module, String name) throws IOException {
    Path description = module.resolve("node_modules/" + name + "/package.json");
    return JSON.readTree(description.toFile()).get("version").textValue();
  }

  private static byte[] post(Service service, String path, Map<String, Object> body)
      throws IOException {
    return HttpClient.request(service, "POST", path, JSON.writeValueAsBytes(body));
  }

  /// A search as Sheaf has it.
  private static byte[] search(
      Service service, float[] vector, Map<String, String> filter, Map<String, Object> settings)
      throws IOException {
    var body = new LinkedHashMap<String, Object>(settings);
    body.put("vector", vector);
    body.put("limit", Truth.K);
    if (!filter.isEmpty()) {
      body.put("filter", filter);
    }
    return post(service, "/api/v1/collections/" + Data.name(Vectors.BASE) + "/search", body);
  }

  /// Values of a setting, each an eighth more than the one before.
  private static List<Map<String, Object>> steps(
      String setting, int from, int to, Map<String, Object> others) {
    var steps = new ArrayList<Map<String, Object>>();
    for (int value = from; value <= to; value += Math.max(1, value / 8)) {
      var step = new LinkedHashMap<String, Object>();
      step.put(setting, value);
      step.putAll(others);
      steps.add(step);
    }
    return steps;
  }

  /// The other contenders are to find as much as Sheaf does with this `efSearch`.
  record Sheaf(Service service, Database database, int ef) implements Peer {

    @Override
    public String name() {
      return "sheaf";
    }

    @Override
    public List<List<Map<String, Object>>> ways() {
      return List.of(List.of(Map.of()));
    }

    @Override
    public IngestBench.Task load(Path documents) throws IOException {
      String collection = Data.name(Vectors.BASE);
      HttpClient.once(service, "DELETE", "/api/v1/collections/" + collection, "");
      Data.create(service, collection, Vectors.BASE, ef, false);
      return () -> {
        IngestBench.send(service, collection, documents);
        Data.awaitIndexes(database, Vectors.BASE);
      };
    }

    @Override
    public byte[] request(float[] vector, Map<String, String> filter, Map<String, Object> settings)
        throws IOException {
      return search(service, vector, filter, settings);
    }
  }

  /// LanceDB in a Node process, see `bench/peers/lancedb.mjs`.
  ///
  /// @param index `hnsw` or `rq`
  record LanceDb(Service service, String index, int rows) implements Peer {

    @Override
    public String name() {
      return "lancedb " + index;
    }

    @Override
    public List<List<Map<String, Object>>> ways() {
      var ways = new ArrayList<List<Map<String, Object>>>();
      // Its documentation says that up to 100,000 rows need no index.
      ways.add(List.of(Map.of("exact", true)));
      for (int refine : index.equals("hnsw") ? new int[] {0, 1, 2} : new int[] {2, 3, 5, 10}) {
        Map<String, Object> others = refine == 0 ? Map.of() : Map.of("refineFactor", refine);
        ways.add(
            index.equals("hnsw")
                ? steps("ef", Truth.K * Math.max(1, refine), 1_000, others)
                : steps("nprobes", 1, (int) Math.sqrt(rows), others));
      }
      return ways;
    }

    @Override
    public IngestBench.Task load(Path documents) {
      return () -> IngestBench.send(service, Data.name(Vectors.BASE), documents);
    }

    @Override
    public byte[] request(float[] vector, Map<String, String> filter, Map<String, Object> settings)
        throws IOException {
      return search(service, vector, filter, settings);
    }

    @Override
    public List<Contender> contenders(
        List<byte[]> requests, Map<String, Object> settings, Backends backends) {
      var overHttp = new OverHttp(name(), service, requests, backends);
      return List.of(overHttp, new InProcess(overHttp));
    }
  }

  /// The same searches in the process of a library, without HTTP.
  record InProcess(OverHttp overHttp) implements Contender {

    @Override
    public String name() {
      return overHttp.name() + " in process";
    }

    @Override
    public Load run(int connections, int seconds) throws Exception {
      var searches = new ArrayList<JsonNode>();
      for (byte[] request : overHttp.requests()) {
        String text = new String(request, StandardCharsets.UTF_8);
        searches.add(JSON.readTree(text.substring(text.indexOf("\r\n\r\n"))));
      }
      byte[] run =
          post(
              overHttp.service(),
              "/run",
              Map.of("searches", searches, "connections", connections, "seconds", seconds));
      Cpu before = overHttp.cpu();
      try (var client = new HttpClient(overHttp.service())) {
        JsonNode micros = JSON.readTree(client.send(run).orFail().body()).get("micros");
        int[] each = JSON.convertValue(micros, int[].class);
        return new Load(seconds, each, overHttp.cpu().since(before));
      }
    }

    @Override
    public List<String> find(int query) throws Exception {
      return overHttp.find(query);
    }
  }

  /// Chroma's own server.
  final class Chroma implements Peer {

    /// The server accepts 5,461.
    private static final int BATCH = 5_000;

    private static final Pattern LISTENING =
        Pattern.compile("Connect to Chroma at: (http://\\S+)(?s:.*)server listening");

    private static final String COLLECTIONS =
        "/api/v2/tenants/default_tenant/databases/default_database/collections";

    private final Service service;
    private String collection = "";
    private Map<String, Object> used = Map.of();

    Chroma(Service service) {
      this.service = service;
    }

    static Service start(Path module, Path work) throws IOException, InterruptedException {
      int port;
      try (var free = new ServerSocket(0)) {
        port = free.getLocalPort();
      }
      List<String> command =
          List.of(
              "node",
              module.resolve("node_modules/chromadb/dist/cli.mjs").toString(),
              "run",
              "--path",
              work.resolve("chroma").toString(),
              "--host",
              "127.0.0.1",
              "--port",
              Integer.toString(port));
      return Service.start(command, Map.of(), work.resolve("chroma.log"), LISTENING);
    }

    @Override
    public String name() {
      return "chroma";
    }

    @Override
    public Service service() {
      return service;
    }

    @Override
    public List<List<Map<String, Object>>> ways() {
      return List.of(steps("ef_search", Truth.K, 2_000, Map.of()));
    }

    @Override
    public IngestBench.Task load(Path documents) throws IOException {
      HttpClient.once(service, "DELETE", COLLECTIONS + "/bench", "");
      HttpClient.Answer created =
          HttpClient.once(
              service,
              "POST",
              COLLECTIONS,
              "{\"name\": \"bench\", \"configuration\": {\"hnsw\": {\"space\": \"cosine\"}}}");
      collection = COLLECTIONS + "/" + JSON.readTree(created.orFail().body()).get("id").asText();
      used = Map.of();
      List<byte[]> batches = batches(documents);
      // The first search waits until the index has what the log has.
      byte[] search = request(new float[Vectors.BASE], Map.of(), Map.of());
      return () -> {
        try (var client = new HttpClient(service)) {
          for (byte[] batch : batches) {
            client.send(batch).orFail();
          }
          client.send(search).orFail();
        }
      };
    }

    private List<byte[]> batches(Path documents) throws IOException {
      var batches = new ArrayList<byte[]>();
      try (BufferedReader lines = Files.newBufferedReader(documents)) {
        while (true) {
          List<JsonNode> rows = new ArrayList<>();
          for (String line; rows.size() < BATCH && (line = lines.readLine()) != null; ) {
            rows.add(JSON.readTree(line));
          }
          if (rows.isEmpty()) {
            return batches;
          }
          batches.add(
              post(
                  service,
                  collection + "/add",
                  Map.of(
                      "ids", rows.stream().map(row -> row.get("id")).toList(),
                      "embeddings", rows.stream().map(row -> row.at("/chunks/0/vector")).toList(),
                      "documents", rows.stream().map(row -> row.at("/chunks/0/text")).toList(),
                      "metadatas", rows.stream().map(Chroma::metadata).toList())));
        }
      }
    }

    private static JsonNode metadata(JsonNode row) {
      return ((ObjectNode) row.get("metadata")).set("title", row.get("title"));
    }

    @Override
    public byte[] request(float[] vector, Map<String, String> filter, Map<String, Object> settings)
        throws IOException {
      var body = new LinkedHashMap<String, Object>();
      body.put("query_embeddings", List.of(vector));
      body.put("n_results", Truth.K);
      body.put("include", List.of("documents", "metadatas", "distances"));
      if (!filter.isEmpty()) {
        body.put("where", filter);
      }
      return post(service, collection + "/query", body);
    }

    /// `ef_search` is a setting of the collection.
    private void use(Map<String, Object> settings) throws IOException {
      if (!settings.equals(used)) {
        HttpClient.once(
                service,
                "PUT",
                collection,
                JSON.writeValueAsString(Map.of("new_configuration", Map.of("hnsw", settings))))
            .orFail();
        used = settings;
      }
    }

    @Override
    public List<Contender> contenders(
        List<byte[]> requests, Map<String, Object> settings, Backends backends) {
      var overHttp = new OverHttp(name(), service, requests, backends);
      return List.of(
          new Contender() {
            @Override
            public String name() {
              return overHttp.name();
            }

            @Override
            public Load run(int connections, int seconds) throws Exception {
              find(0);
              return overHttp.run(connections, seconds);
            }

            @Override
            public List<String> find(int query) throws Exception {
              use(settings);
              var ids = new ArrayList<String>();
              // A list for each of the vectors.
              overHttp.answer(query).at("/ids/0").forEach(id -> ids.add(id.textValue()));
              return ids;
            }
          });
    }
  }
}
