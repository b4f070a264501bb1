package harness;

import dev.sheaf.embedding.EmbeddingModel;
import java.io.IOException;
import java.lang.reflect.Constructor;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/// What Sheaf costs beside PostgreSQL alone: see `bench/README.md`.
final class Bench {

  private static final String USAGE =
      """
      usage: bench/run [OPTION]... [PART]...

        data        only make what is searched: texts, their embeddings, the filled collections
        search384   the ten nearest of 100,000 x 384, and with filters, and hybrid
        search1024  the ten nearest of 100,000 x 1024
        recall      what a declared recall and tuning come to, beside the truth
        recall128   the same with generated vectors of 128 dimensions, without the model
        jitter      searches while rows arrive, and while an index is built
        ingest      uploads with vectors
        text        uploads of text
        peers       other databases at equal recall; not one of all parts

        --rows N     documents that are searched (100000)
        --rounds N   turns that each has (3)
        --seconds N  how long a turn takes (4)
        --stores     also LangChain4j's and Spring AI's store
        --fresh      throw the kept database away

      All parts, unless told otherwise. The server is DATABASE_URL's, or scripts/local-postgres.
      """;

  private static final List<String> PARTS =
      List.of(
          "data",
          "search384",
          "search1024",
          "recall",
          "recall128",
          "jitter",
          "ingest",
          "text",
          "peers");

  /// What the goals are set for, by width.
  private static final SortedMap<Integer, Integer> EF_SEARCH =
      new TreeMap<>(Map.of(Vectors.BASE, 40, Vectors.WIDE, 200));

  /// Seconds until the compiler has seen it all.
  private static final int WARM_UP = 40;

  private final Path root = Path.of(System.getProperty("sheaf.root"));
  private final Path cache = Path.of(System.getProperty("sheaf.bench.cache"));
  private final List<String> parts = new ArrayList<>();
  private final Report report = new Report();
  private int rows = 100_000;
  private int rounds = 3;
  private int seconds = 4;
  private boolean stores;
  private boolean fresh;

  public static void main(String... arguments) throws Exception {
    var bench = new Bench();
    try {
      bench.read(List.of(arguments).iterator());
    } catch (IllegalArgumentException e) {
      System.err.print(USAGE);
      System.exit(2);
    }
    bench.run();
    System.exit(0);
  }

  private void read(java.util.Iterator<String> arguments) {
    while (arguments.hasNext()) {
      String argument = arguments.next();
      switch (argument) {
        case "--rows" -> rows = Integer.parseInt(arguments.next());
        case "--rounds" -> rounds = Integer.parseInt(arguments.next());
        case "--seconds" -> seconds = Integer.parseInt(arguments.next());
        case "--stores" -> stores = true;
        case "--fresh" -> fresh = true;
        default -> {
          if (!PARTS.contains(argument)) {
            throw new IllegalArgumentException(argument);
          }
          parts.add(argument);
        }
      }
    }
    if (rows % Corpus.SENTENCES != 0) {
      throw new IllegalArgumentException("rows");
    }
    if (parts.isEmpty()) {
      parts.addAll(PARTS);
      parts.remove("peers");
    }
  }

  private void run() throws Exception {
    var server = new Database(URI.create(System.getenv("DATABASE_URL")));
    Path work = Files.createTempDirectory("sheaf-bench");
    try {
      about(server);
      if (parts.remove("recall128")) {
        recall(server, RecallBench.generated(rows), work);
      }
      if (!parts.isEmpty()) {
        embedded(server, work);
      }
      String name =
          "bench-" + Instant.now().truncatedTo(ChronoUnit.SECONDS).toString().replace(":", "");
      report.end(root.resolve("bench/results/" + name + ".json"));
    } finally {
      try (Stream<Path> files = Files.walk(work)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }

  /// The parts whose vectors are those of the model.
  private void embedded(Database server, Path work) throws Exception {
    EmbeddingModel model = model();
    Vectors vectors = Vectors.of(cache, rows, model);
    Database kept = server.named("sheaf_bench_" + Corpus.VERSION + "_" + rows);
    if (fresh) {
      kept.drop();
    }
    if (!kept.exists()) {
      kept.create();
    }
    search(kept, vectors, work);
    if (parts.contains("recall")) {
      recall(server, RecallBench.embedded(vectors), work);
    }
    if (parts.contains("jitter")) {
      jitter(server.named("sheaf_bench_jitter_" + ProcessHandle.current().pid()), vectors, work);
    }
    if (parts.contains("peers")) {
      peers(server.named("sheaf_bench_peers_" + ProcessHandle.current().pid()), vectors, work);
    }
    if (parts.contains("ingest") || parts.contains("text")) {
      ingest(
          server.named("sheaf_bench_ingest_" + ProcessHandle.current().pid()),
          vectors,
          model,
          work);
    }
  }

  private void about(Database server) throws Exception {
    report.about("at", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
    report.about("postgresql", server.value("SHOW server_version"));
    report.about(
        "pgvector",
        server.value("SELECT default_version FROM pg_available_extensions WHERE name = 'vector'"));
    report.about("java", System.getProperty("java.vm.version"));
    report.about("processors", Runtime.getRuntime().availableProcessors());
    report.about("load", load());
    report.about("turns", rounds + " of " + seconds + " s");
  }

  private static String load() throws IOException {
    Path load = Path.of("/proc/loadavg");
    return Files.exists(load) ? Files.readString(load).strip() : "unknown";
  }

  /// The bundled model itself, without the service around it.
  private static EmbeddingModel model() throws ReflectiveOperationException {
    Constructor<?> constructor =
        Class.forName("dev.sheaf.embedding.bundled.BgeSmall").getDeclaredConstructor(int.class);
    constructor.setAccessible(true);
    return (EmbeddingModel) constructor.newInstance(Runtime.getRuntime().availableProcessors());
  }

  // ---- Parts ------------------------------------------------------------------------------------

  private void search(Database kept, Vectors vectors, Path work) throws Exception {
    List<Integer> widths =
        EF_SEARCH.keySet().stream()
            .filter(width -> parts.contains("data") || parts.contains("search" + width))
            .toList();
    if (widths.isEmpty()) {
      return;
    }
    Map<String, Service> services = services(kept, work, List.of());
    try {
      memory("idle", services);
      for (int width : widths) {
        int ef = EF_SEARCH.get(width);
        for (Map.Entry<String, Service> service : services.entrySet()) {
          Data.ensure(kept, vectors, width, ef, service.getKey(), service.getValue());
        }
        if (parts.contains("search" + width)) {
          var bench = new SearchBench(report, kept, vectors, width, ef, rounds, seconds, services);
          bench.warmUp(WARM_UP);
          bench.plain(width == Vectors.BASE ? 0.80 : 0.90, 0.5);
          if (width == Vectors.BASE) {
            bench.filtered(4);
            bench.hybrid(4);
          }
        }
      }
      memory("after the searches", services);
    } finally {
      services.values().forEach(Service::close);
    }
  }

  private void recall(Database server, RecallBench.Searched vectors, Path work) throws Exception {
    Database database = server.named("sheaf_bench_recall_" + ProcessHandle.current().pid());
    database.create();
    // The smallest of the sizes has an index, too.
    Map<String, Service> services =
        services(database, work, List.of("-Dsheaf.index.min-rows=" + Math.min(5_000, rows / 10)));
    try {
      new RecallBench(report, vectors, services.get("sheaf"), work).run();
    } finally {
      services.values().forEach(Service::close);
      database.drop();
    }
  }

  private void jitter(Database database, Vectors vectors, Path work) throws Exception {
    database.create();
    Map<String, Service> services = services(database, work, List.of());
    try {
      new JitterBench(report, vectors, services.get("sheaf"), work, rounds, seconds)
          .run(database.backends());
    } finally {
      services.values().forEach(Service::close);
      database.drop();
    }
  }

  private void peers(Database database, Vectors vectors, Path work) throws Exception {
    var peers = new ArrayList<Peer>(Peer.others(root.resolve("bench/peers"), work, rows, report));
    database.create();
    // Small collections have an index, too.
    Map<String, Service> services =
        services(database, work, List.of("-Dsheaf.index.min-rows=" + Math.min(5_000, rows / 10)));
    int ef = EF_SEARCH.get(Vectors.BASE);
    peers.addFirst(new Peer.Sheaf(services.get("sheaf"), database, ef));
    try {
      new IngestBench(report, database, work, rounds).indexed(vectors, peers);
      Data.vacuum(database, Vectors.BASE);
      memory("after the uploads", peers, database);
      var bench =
          new SearchBench(report, database, vectors, Vectors.BASE, ef, rounds, seconds, services);
      bench.warmUp(WARM_UP);
      bench.peers(peers);
      memory("after the searches", peers, database);
    } finally {
      peers.forEach(peer -> peer.service().close());
      database.drop();
    }
  }

  private void ingest(Database database, Vectors vectors, EmbeddingModel model, Path work)
      throws Exception {
    database.create();
    // An index that is built meanwhile would be measured, too.
    Map<String, Service> services =
        services(database, work, List.of("-Dsheaf.index.min-rows=1000000000"));
    try {
      var bench = new IngestBench(report, database, work, rounds);
      if (parts.contains("ingest")) {
        int rowsToLoad = Math.min(rows, 50_000);
        bench.vectors(vectors, Vectors.BASE, rowsToLoad, Math.min(rowsToLoad, 10_000), services);
        memory("after the uploads", services);
      }
      if (parts.contains("text")) {
        bench.text(model, 1_500, services.get("sheaf"));
      }
    } finally {
      services.values().forEach(Service::close);
      database.drop();
    }
  }

  private Map<String, Service> services(Database database, Path work, List<String> settings)
      throws Exception {
    var services = new LinkedHashMap<String, Service>();
    services.put(
        "sheaf",
        Service.sheaf(
            root.resolve("target/quarkus-app/quarkus-run.jar"),
            settings,
            database.environment(),
            work.resolve("sheaf.log")));
    if (stores) {
      for (String store : List.of("langchain4j", "springai")) {
        Path module = root.resolve("bench/stores/target");
        var arguments = new ArrayList<String>();
        arguments.add("-Dsun.net.httpserver.nodelay=true");
        arguments.add("-cp");
        arguments.add(module.resolve("classes") + ":" + module.resolve("lib/*"));
        arguments.add("stores.Main");
        arguments.add(store);
        EF_SEARCH.forEach((width, ef) -> arguments.add(width + "=" + ef));
        services.put(
            store, Service.start(arguments, database.environment(), work.resolve(store + ".log")));
      }
    }
    return services;
  }

  private void memory(String when, Map<String, Service> services) throws IOException {
    for (Map.Entry<String, Service> service : services.entrySet()) {
      memory(when, service.getKey(), Processes.resident(service.getValue().pid()));
    }
  }

  private void memory(String when, List<Peer> peers, Database database) throws Exception {
    for (Peer peer : peers) {
      memory(when, peer.name(), Processes.resident(peer.service().pid()));
    }
    memory(when, "postgres", database.backends().memory());
  }

  private void memory(String when, String of, long resident) {
    report.result(Map.of("work", "memory, " + when, "by", of, "MiB", resident));
    System.out.printf("%nmemory of %s, %s: %d MiB resident%n", of, when, resident);
  }
}
