package stores;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.Executors;
import javax.sql.DataSource;

/// A store behind the two endpoints of Sheaf's that are measured: as little as a team would have to
/// write, on the HTTP server of the JDK, with virtual threads and a pool of connections.
final class Main {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final ObjectReader LINES = JSON.readerFor(Line.class);
  private static final int BATCH = 500;

  private final String name;
  private final Map<Integer, DataSource> pools;
  private final ConcurrentMap<String, Store> stores = new ConcurrentHashMap<>();

  private Main(String name, Map<Integer, DataSource> pools) {
    this.name = name;
    this.pools = pools;
  }

  record Line(String id, String title, Map<String, Object> metadata, List<Chunk> chunks) {

    Store.Entry entry() {
      metadata.put("title", title);
      return new Store.Entry(id, chunks.getFirst().text(), metadata, chunks.getFirst().vector());
    }
  }

  record Chunk(String text, float[] vector) {}

  record Search(float[] vector, int limit, Map<String, String> filter) {}

  record Answer(List<Store.Hit> hits) {}

  /// @param arguments the name of the store; then for each width pgvector's `hnsw.ef_search`, such
  ///   as `384=40`
  public static void main(String... arguments) throws IOException {
    var pools = new HashMap<Integer, DataSource>();
    for (int i = 1; i < arguments.length; i++) {
      String[] setting = arguments[i].split("=");
      pools.put(Integer.valueOf(setting[0]), pool(setting[1]));
    }
    var main = new Main(arguments[0], pools);

    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext("/api/v1/collections/", main::handle);
    server.start();
    System.out.println("Listening on: http://127.0.0.1:" + server.getAddress().getPort());
  }

  private static DataSource pool(String efSearch) {
    var config = new HikariConfig();
    config.setJdbcUrl(
        "jdbc:postgresql://%s:%s/%s"
            .formatted(
                System.getenv("PGHOST"), System.getenv("PGPORT"), System.getenv("PGDATABASE")));
    config.setUsername(System.getenv("PGUSER"));
    config.setPassword(System.getenv("PGPASSWORD"));
    config.setMaximumPoolSize(16);
    config.setMinimumIdle(1);
    config.addDataSourceProperty("options", "-c hnsw.ef_search=" + efSearch);
    return new HikariDataSource(config);
  }

  private void handle(HttpExchange exchange) throws IOException {
    String[] path = exchange.getRequestURI().getPath().split("/");
    byte[] answer;
    int status = 200;
    try (exchange) {
      try {
        answer = path[5].equals("search") ? search(path[4], exchange) : load(path[4], exchange);
      } catch (RuntimeException e) {
        status = 500;
        answer = e.toString().getBytes();
      }
      exchange.getResponseHeaders().add("Content-Type", "application/json");
      exchange.sendResponseHeaders(status, answer.length);
      exchange.getResponseBody().write(answer);
    }
  }

  private byte[] search(String collection, HttpExchange exchange) throws IOException {
    Search search = JSON.readValue(exchange.getRequestBody(), Search.class);
    Map<String, String> filter = search.filter() == null ? Map.of() : search.filter();
    return JSON.writeValueAsBytes(
        new Answer(
            store(collection, search.vector().length)
                .search(search.vector(), search.limit(), filter)));
  }

  private byte[] load(String collection, HttpExchange exchange) throws IOException {
    // The table may have been dropped since.
    stores.remove(collection);
    int count = 0;
    try (MappingIterator<Line> lines = LINES.readValues(exchange.getRequestBody())) {
      while (lines.hasNext()) {
        var batch = new ArrayList<Store.Entry>(BATCH);
        while (batch.size() < BATCH && lines.hasNext()) {
          batch.add(lines.next().entry());
        }
        store(collection, batch.getFirst().vector().length).add(batch);
        count += batch.size();
      }
    }
    JsonNode answer = JSON.createObjectNode().put("created", count).put("failed", 0);
    return JSON.writeValueAsBytes(answer);
  }

  private Store store(String collection, int dimensions) {
    return stores.computeIfAbsent(
        collection,
        _ -> {
          String table = name + "_" + collection;
          DataSource pool = pools.get(dimensions);
          return switch (name) {
            case "langchain4j" -> new LangChain4jStore(pool, table, dimensions);
            case "springai" -> new SpringAiStore(pool, table, dimensions);
            default -> throw new IllegalArgumentException(name);
          };
        });
  }
}
