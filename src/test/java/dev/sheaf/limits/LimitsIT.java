package dev.sheaf.limits;

import static dev.sheaf.testing.Patience.await;
import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.sheaf.testing.HalfDocuments;
import dev.sheaf.testing.LockWaits;
import dev.sheaf.testing.SheafProcess;
import dev.sheaf.testing.TestDatabase;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.Test;

/// Tests a service with eight connections, which allow one concurrent write and one upload. It is
/// configured for one concurrent search, and for bursts of fifty requests per caller. Its
/// statements end only after minutes, and its clients may be slow for a few seconds.
class LimitsIT {

  private static final Map<String, String> NARROW =
      Map.ofEntries(
          entry("QUARKUS_DATASOURCE_JDBC_MAX_SIZE", "8"),
          entry("SHEAF_LIMITS_SEARCHES", "1"),
          entry("SHEAF_LIMITS_EMBEDDINGS", "2"),
          entry("SHEAF_LIMITS_QUEUE_FOR", "200ms"),
          entry("SHEAF_LIMITS_REQUESTS_PER_SECOND", "5"),
          entry("SHEAF_LIMITS_BURST_SECONDS", "10"),
          entry("SHEAF_LIMITS_TRANSFER_GRACE", "3s"),
          entry("SHEAF_LIMITS_STREAM_GRACE", "3s"),
          entry("SHEAF_LIMITS_DELETE_TIME", "3s"),
          entry("SHEAF_DATABASE_TIMEOUT", "1h"),
          entry("SHEAF_DATABASE_LOCK_TIMEOUT", "1h"),
          entry("SHEAF_SEARCH_TIMEOUT", "1h"),
          entry("SHEAF_EMBEDDING_OPENAI_SLOW_DIMENSIONS", "2"),
          entry("SHEAF_LIMITS_HEADER_TIMEOUT", "5s"),
          entry("QUARKUS_HTTP_READ_TIMEOUT", "5s"),
          entry("QUARKUS_HTTP_LIMITS_MAX_CONNECTIONS", "250"),
          entry("SHEAF_ACCESS_RECHECK_EVERY", "1h"),
          // Only the test waits for its locks.
          entry("SHEAF_INDEX_CHECK_EVERY", "1h"),
          entry("SHEAF_METRICS_EVERY", "off"));

  private static final String C = "/api/v1/collections/c";

  private static final String OF_MUCH =
      "collection_id = (SELECT id FROM collection WHERE name = 'much')";

  private static final String SEARCH = "{\"vector\":[1,0]}";

  /// Each with its body, or the media type of the answer.
  private static final List<List<String>> ENDING_WITH_THEIR_CLIENT =
      List.of(
          List.of("POST " + C + "/search", SEARCH),
          List.of(
              "POST /api/v1/search/batch",
              "{\"searches\":[{\"collection\":\"c\",\"search\":%1$s},{\"collection\":\"c\",\"search\":%1$s}]}"
                  .formatted(SEARCH)),
          List.of(
              "POST /api/v1/search", "{\"collections\":[\"c\"],\"search\":%s}".formatted(SEARCH)),
          List.of("GET " + C, ""),
          List.of("GET " + C + "/documents/d0", ""),
          List.of("GET " + C + "/documents?count=true", ""),
          List.of("GET " + C + "/documents", "application/x-ndjson"));

  private static final Pattern KEY = Pattern.compile("\"key\":\"(sheaf_\\w+)\"");

  /// What a client sends that then says nothing more.
  private static final List<String> BROKEN_OFF =
      List.of(
          "",
          "POST /api/v1/collections/c/search HTTP/1.1\r\nHost: local",
          "POST /api/v1/collections/c/search HTTP/1.1\r\nHost: localhost\r\n"
              + "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"vector\":");

  @Test
  void whatIsTooMuchIsRefusedAndTheRestGoesOn() throws Exception {
    Map<String, String> settings = new HashMap<>(NARROW);
    try (Certificate certificate = Certificate.create(settings);
        TestDatabase database = TestDatabase.migrated();
        SlowModel model = SlowModel.start(settings);
        SheafProcess service = SheafProcess.start(database, settings);
        ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      assertThat(
              service
                  .send(
                      "POST",
                      "/api/v1/collections",
                      "{\"name\":\"c\",\"model\":\"none\",\"dimensions\":2}")
                  .statusCode())
          .isEqualTo(201);
      assertThat(put(service, 0).statusCode()).isEqualTo(201);
      List<Socket> silent = silentClients(service);

      String slow = key(service);
      String other = key(service);
      whoSendsSlowlyKeepsNobodyFromUploading(service, slow, other);
      whoReadsSlowlyKeepsNoMemory(service, slow);
      whoGoesAwayEndsItsStatements(service, database, slow);
      try (HttpClient multiplexed = certificate.client()) {
        whoResetsAStreamEndsItsStatements(service, database, slow, multiplexed);
        whoReadsAStreamSlowlyKeepsNoMemory(service, slow, multiplexed);
        anExportThatFailsDoesNotLookWhole(service, database, slow, multiplexed);
      }
      whatABrokenOffDeletionDeletedStaysDeleted(service, database, slow);
      aSearchOfSeveralCollectionsIsOneSearch(service, model, clients);
      whoEmbedsMuchKeepsNobodyFromTheModel(service, model, slow, other);
      searchesKeepTheirShareOfAPoolFullOfWrites(service, database, clients);
      aSearchTooManyIsRefused(service, database, clients);
      aGreedyCallerIsRefusedAndNobodyElse(service, clients);
      whoLeavesConnectionsOpenKeepsNobodyOut(service);
      for (Socket socket : silent) {
        assertThat(socket.getInputStream().read()).as("end of the connection").isEqualTo(-1);
        socket.close();
      }
      service.terminate();
      assertThat(service.log()).noneMatch(line -> line.contains("Timed out waiting"));
    }
  }

  private static List<Socket> silentClients(SheafProcess service) throws Exception {
    URI uri = service.uri("/");
    List<Socket> silent = new ArrayList<>();
    for (String begin : BROKEN_OFF) {
      var socket = new Socket(uri.getHost(), uri.getPort());
      socket.setSoTimeout(Math.toIntExact(Duration.ofMinutes(5).toMillis()));
      socket.getOutputStream().write(begin.getBytes(StandardCharsets.US_ASCII));
      silent.add(socket);
    }
    return silent;
  }

  /// Each upload sends a byte now and then.
  private static void whoSendsSlowlyKeepsNobodyFromUploading(
      SheafProcess service, String slow, String other) throws Exception {
    List<Socket> drips = new ArrayList<>();
    try {
      for (int i = 0; i < 3; i++) {
        drips.add(
            open(
                service,
                slow,
                "POST " + C + "/documents",
                "Content-Type: application/x-ndjson\nContent-Length: 10000000\n\n{"));
      }

      assertThat(upload(service, 100, other).statusCode()).isEqualTo(200);
      assertThat(search(service, slow).statusCode()).isEqualTo(200);

      await()
          .pollInterval(Duration.ofSeconds(1))
          .until(() -> {
            boolean answered = true;
            for (Socket drip : drips) {
              if (drip.getInputStream().available() == 0) {
                answered = false;
                drip.getOutputStream().write('"');
              }
            }
            return answered;
          });
      for (Socket drip : drips) {
        InputStream answer = drip.getInputStream();
        assertThat(new String(answer.readNBytes(answer.available()), StandardCharsets.UTF_8))
            .startsWith("HTTP/1.1 408 ")
            .containsIgnoringCase("connection: close")
            .contains("urn:sheaf:problem:body-too-slow", "lower sheaf.limits.stream-rate");
      }
    } finally {
      for (Socket drip : drips) {
        drip.close();
      }
    }
  }

  /// The answer is larger than the buffers of the connection.
  private static void whoReadsSlowlyKeepsNoMemory(SheafProcess service, String slow)
      throws Exception {
    String chunk = "{\"text\":\"" + "tides ".repeat(16_000) + "\",\"vector\":[0.5,1]}";
    String big = "{\"chunks\":[" + chunk + ("," + chunk).repeat(95) + "]}";
    assertThat(service.send("PUT", C + "/documents/big", big).statusCode()).isEqualTo(201);
    await().until(() -> metric(service, "sheaf_memory_reserved_bytes") == 0);
    try (Socket client = open(service, slow, "GET " + C + "/documents/big", "\n")) {
      await().until(() -> metric(service, "sheaf_memory_reserved_bytes") > big.length());

      await().until(() -> metric(service, "sheaf_memory_reserved_bytes") == 0);

      assertThatThrownBy(
              () -> {
                int length = client.getInputStream().readAllBytes().length;
                assertThat(length).isGreaterThan(big.length());
              })
          .isInstanceOfAny(IOException.class, AssertionError.class);
    }
  }

  private static void whoGoesAwayEndsItsStatements(
      SheafProcess service, TestDatabase database, String key) throws Exception {
    try (Connection holder = database.connect();
        Statement lock = holder.createStatement()) {
      holder.setAutoCommit(false);
      lock.execute("LOCK TABLE document, chunk, embedding");
      for (List<String> request : ENDING_WITH_THEIR_CLIENT) {
        boolean export = request.get(1).startsWith("application");
        String body = export ? "" : request.get(1);
        try (Socket _ =
            open(
                service,
                key,
                request.getFirst(),
                "Accept: %s\nContent-Type: application/json\nContent-Length: %s\n\n%s"
                    .formatted(
                        export ? request.get(1) : "application/json", body.length(), body))) {
          await(request.getFirst()).until(() -> LockWaits.behind(holder) > 0);
        }

        await(request.getFirst()).until(() -> LockWaits.behind(holder) == 0);
      }
    }
    assertThat(search(service, key).statusCode()).isEqualTo(200);
  }

  /// A certificate of the service for TLS, without which there is no HTTP/2.
  private record Certificate(Path file) implements AutoCloseable {

    private static final Pattern LISTENING = Pattern.compile("(https://[^\\s\"]+)");

    /// The smallest window that a client of HTTP/2 has.
    private static final String WINDOW = "65536";

    /// @param settings gets the certificate
    static Certificate create(Map<String, String> settings) throws Exception {
      Path file = Files.createTempDirectory("sheaf-tls").resolve("key.p12");
      Process keytool =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                  "-genkeypair",
                  "-alias",
                  "test",
                  "-keyalg",
                  "EC",
                  "-dname",
                  "CN=localhost",
                  "-ext",
                  "SAN=IP:127.0.0.1",
                  "-storetype",
                  "PKCS12",
                  "-storepass",
                  "secret",
                  "-keystore",
                  file.toString())
              .redirectErrorStream(true)
              .start();
      String said = keytool.inputReader().readAllAsString();
      assertThat(keytool.waitFor()).as(said).isZero();
      settings.put("QUARKUS_HTTP_SSL_PORT", "0");
      settings.put("QUARKUS_HTTP_SSL_CERTIFICATE_KEY_STORE_FILE", file.toString());
      settings.put("QUARKUS_HTTP_SSL_CERTIFICATE_KEY_STORE_PASSWORD", "secret");
      return new Certificate(file);
    }

    HttpClient client() throws Exception {
      KeyStore store = KeyStore.getInstance(file.toFile(), "secret".toCharArray());
      TrustManagerFactory trusted =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trusted.init(store);
      SSLContext tls = SSLContext.getInstance("TLS");
      tls.init(null, trusted.getTrustManagers(), null);
      // The client reads it when it opens a connection.
      System.setProperty("jdk.httpclient.windowsize", WINDOW);
      return HttpClient.newBuilder().sslContext(tls).version(HttpClient.Version.HTTP_2).build();
    }

    static URI uri(SheafProcess service, String path) {
      return service.log().stream()
          .map(LISTENING::matcher)
          .filter(Matcher::find)
          .map(found -> URI.create(found.group(1)).resolve(path))
          .findFirst()
          .orElseThrow();
    }

    @Override
    public void close() throws IOException {
      System.clearProperty("jdk.httpclient.windowsize");
      Files.delete(file);
      Files.delete(file.getParent());
    }
  }

  private static HttpRequest request(SheafProcess service, String key, List<String> request) {
    String[] line = request.getFirst().split(" ", 2);
    boolean export = request.get(1).startsWith("application");
    return HttpRequest.newBuilder(Certificate.uri(service, line[1]))
        .method(line[0], HttpRequest.BodyPublishers.ofString(export ? "" : request.get(1)))
        .header("Accept", export ? request.get(1) : "application/json")
        .header("Content-Type", "application/json")
        .header("Authorization", "Bearer " + key)
        .build();
  }

  /// Another stream of the same connection goes on, unless the answer has begun, as that of an
  /// export.
  private static void whoResetsAStreamEndsItsStatements(
      SheafProcess service, TestDatabase database, String key, HttpClient multiplexed)
      throws Exception {
    HttpRequest patch =
        request(service, key, List.of("PATCH " + C + "/documents/d0", "{\"title\":\"T\"}"));
    assertThat(multiplexed.send(patch, BodyHandlers.ofString()).version())
        .isEqualTo(HttpClient.Version.HTTP_2);
    List<List<String>> answered =
        ENDING_WITH_THEIR_CLIENT.subList(0, ENDING_WITH_THEIR_CLIENT.size() - 1);
    CompletableFuture<HttpResponse<String>> other;
    try (Connection holder = database.connect()) {
      lockAll(holder);
      other = multiplexed.sendAsync(patch, BodyHandlers.ofString());
      await().until(() -> LockWaits.behind(holder) == 1);
      for (List<String> request : answered) {
        reset(multiplexed, request(service, key, request), holder, 1);
      }
    }
    assertThat(other.get().statusCode()).isEqualTo(200);
    try (Connection holder = database.connect()) {
      lockAll(holder);
      reset(multiplexed, request(service, key, ENDING_WITH_THEIR_CLIENT.getLast()), holder, 0);
    }
  }

  private static void lockAll(Connection holder) throws Exception {
    holder.setAutoCommit(false);
    try (Statement lock = holder.createStatement()) {
      lock.execute("LOCK TABLE document, chunk, embedding");
    }
  }

  private static void reset(
      HttpClient multiplexed, HttpRequest request, Connection holder, int others) {
    CompletableFuture<HttpResponse<String>> answer =
        multiplexed.sendAsync(request, BodyHandlers.ofString());
    await(request.toString()).until(() -> LockWaits.behind(holder) > others);

    answer.cancel(true);

    await(request.toString()).until(() -> LockWaits.behind(holder) == others);
  }

  private static void whoReadsAStreamSlowlyKeepsNoMemory(
      SheafProcess service, String key, HttpClient multiplexed) throws Exception {
    HttpRequest big = request(service, key, List.of("GET " + C + "/documents/big", ""));
    await().until(() -> metric(service, "sheaf_memory_reserved_bytes") == 0);
    var answer = new AtomicReference<InputStream>();
    // The connection on which an export was reset may be closed just now, with this answer.
    await()
        .ignoreExceptionsInstanceOf(IOException.class)
        .until(() -> {
          HttpResponse<InputStream> response = multiplexed.send(big, BodyHandlers.ofInputStream());
          answer.set(response.body());
          return response.statusCode() == 200;
        });
    await().until(() -> metric(service, "sheaf_memory_reserved_bytes") > 9_000_000);
    try (InputStream unread = answer.get()) {
      await().until(() -> metric(service, "sheaf_memory_reserved_bytes") == 0);

      assertThatThrownBy(unread::readAllBytes).isInstanceOf(IOException.class);
    }
    // The client may not have noticed yet that the connection is closed, and use it once more.
    await()
        .ignoreExceptionsInstanceOf(IOException.class)
        .until(() -> multiplexed.send(big, BodyHandlers.ofString()).body().length() > 9_000_000);
  }

  /// PostgreSQL fails when the vector of the last document is read: a function in the schema of the
  /// user hides the one of pgvector. How much is written but not sent by then differs, so there are
  /// several exports.
  private static void anExportThatFailsDoesNotLookWhole(
      SheafProcess service, TestDatabase database, String key, HttpClient multiplexed)
      throws Exception {
    List<String> export = List.of("GET " + C + "/documents", "application/x-ndjson");
    try (Connection connection = database.connect();
        Statement statement = connection.createStatement()) {
      service.send("PUT", C + "/documents/z", "{\"chunks\":[{\"text\":\"t\",\"vector\":[7,7]}]}");
      statement.execute("CREATE SCHEMA AUTHORIZATION CURRENT_USER");
      String schema = connection.getMetaData().getUserName();
      statement.execute(
          """
          CREATE FUNCTION "%s".vector_send(v vector) RETURNS bytea LANGUAGE plpgsql AS $$
          BEGIN
              IF v::real[] = ARRAY[7, 7]::real[] THEN
                  RAISE 'broken';
              END IF;
              RETURN public.vector_send(v);
          END $$
          """
              .formatted(schema));
      for (int i = 0; i < 10; i++) {
        try (Socket client =
            open(service, key, export.getFirst(), "Accept: " + export.getLast() + "\n\n")) {
          assertThat(new String(client.getInputStream().readAllBytes(), StandardCharsets.US_ASCII))
              .startsWith("HTTP/1.1 200 OK\r\n")
              .contains("\"id\":\"big\"")
              .doesNotContain("urn:sheaf:problem")
              .doesNotEndWith("\r\n0\r\n\r\n");
        }
        // The service may close an idle connection just when the client sends a request on it.
        HttpRequest request = request(service, key, export);
        String failure =
            await()
                .until(
                    () ->
                        catchThrowableOfType(
                                IOException.class,
                                () -> multiplexed.send(request, BodyHandlers.ofString()))
                            .getMessage(),
                    message -> !message.equals("EOF reached while reading"));
        assertThat(failure).contains("RST_STREAM: Internal error");
      }
      statement.execute("DROP SCHEMA \"" + schema + "\" CASCADE");
      service.send("DELETE", C + "/documents/z", "");
    }
  }

  /// The client goes away, the time is over, and at last nothing is in the way.
  private static void whatABrokenOffDeletionDeletedStaysDeleted(
      SheafProcess service, TestDatabase database, String key) throws Exception {
    String documents = "/api/v1/collections/much/documents";
    assertThat(
            service
                .send(
                    "POST",
                    "/api/v1/collections",
                    "{\"name\":\"much\",\"model\":\"none\",\"dimensions\":2}")
                .statusCode())
        .isEqualTo(201);
    String chunk = "{\"text\":\"tides\",\"vector\":[1,0]}";
    String lines =
        IntStream.range(0, 1_000)
            .mapToObj(i -> "{\"id\":\"d%s\",\"chunks\":[%s,%s]}\n".formatted(i, chunk, chunk))
            .collect(Collectors.joining());
    service.upload(
        documents, Map.of(), new ByteArrayInputStream(lines.getBytes(StandardCharsets.UTF_8)));
    assertThat(left(database)).isEqualTo(1_000);
    String delete = documents + "?filter=%7B%7D";
    try (Connection holder = database.connect()) {
      holder.setAutoCommit(false);
      lockDocument(holder, 500);
      try (Socket _ = open(service, key, "DELETE " + delete, "\n")) {
        await().until(() -> LockWaits.behind(holder) == 1);
      }
      await().until(() -> LockWaits.behind(holder) == 0);
    }
    int left = left(database);
    assertThat(left).isBetween(500, 900);
    assertThat(HalfDocuments.count(database)).isZero();

    try (Connection holder = database.connect()) {
      holder.setAutoCommit(false);
      lockDocument(holder, left - 1);
      HttpResponse<String> late = service.send("DELETE", delete, "");

      isOverloaded(late);
      int deleted = left - left(database);
      assertThat(deleted).isPositive();
      assertThat(late.body())
          .contains(
              deleted
                  + " documents were deleted in 3 s, and others may match the filter."
                  + " Repeat the request to delete them, or raise sheaf.limits.delete-time.");
    }
    assertThat(HalfDocuments.count(database)).isZero();

    left = left(database);
    assertThat(service.send("DELETE", delete, "").body()).isEqualTo("{\"deleted\":%s}", left);
    assertThat(left(database)).isZero();
    assertThat(
            database.query(
                "SELECT sum((details->>'deleted')::int) FROM audit_event WHERE action = 'documents.deleted'"))
        .containsExactly("1000");
  }

  private static void lockDocument(Connection holder, int number) throws Exception {
    try (Statement lock = holder.createStatement()) {
      // FOR UPDATE also locks the rows before an OFFSET.
      lock.execute(
          "SELECT FROM document WHERE id = (SELECT id FROM document WHERE %s ORDER BY id OFFSET %s LIMIT 1) FOR UPDATE"
              .formatted(OF_MUCH, number));
    }
  }

  private static int left(TestDatabase database) throws Exception {
    return Integer.parseInt(
        database.query("SELECT count(*) FROM document WHERE " + OF_MUCH).getFirst());
  }

  /// Also while it embeds its text, which does not count towards its timeout.
  private static void aSearchOfSeveralCollectionsIsOneSearch(
      SheafProcess service, SlowModel model, ExecutorService clients) throws Exception {
    assertThat(
            service
                .send("POST", "/api/v1/collections", "{\"name\":\"m\",\"model\":\"slow\"}")
                .statusCode())
        .isEqualTo(201);
    Future<HttpResponse<String>> several =
        clients.submit(() ->
            service.send(
                "POST",
                "/api/v1/search",
                "{\"collections\":[\"m\"],\"search\":{\"text\":\"slow\",\"timeout\":1000}}"));
    await().until(() -> model.slowTexts() == 1);

    // Each waits for 200 ms, together longer than the timeout.
    for (int i = 0; i < 6; i++) {
      isOverloaded(search(service));
    }
    model.answerOne();

    assertThat(several.get().body()).contains("\"hits\":[]");
  }

  private static void whoEmbedsMuchKeepsNobodyFromTheModel(
      SheafProcess service, SlowModel model, String greedy, String other) throws Exception {
    String texts = "{\"model\":\"slow\",\"input\":[\"slow\"" + ",\"slow\"".repeat(2_047) + "]}";
    List<Socket> clients = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      clients.add(
          open(
              service,
              greedy,
              "POST /api/v1/embeddings",
              "Content-Type: application/json\nContent-Length: %s\n\n%s"
                  .formatted(texts.length(), texts)));
    }
    await().until(() -> model.slowTexts() > 1);
    Map<String, String> authorization = Map.of("Authorization", "Bearer " + other);

    assertThat(
            service
                .send("PUT", "/api/v1/collections/m/documents/a", "{\"text\":\"a\"}", authorization)
                .statusCode())
        .isEqualTo(201);
    assertThat(
            service
                .send("POST", "/api/v1/collections/m/search", "{\"text\":\"a\"}", authorization)
                .statusCode())
        .isEqualTo(200);
    assertThat(
            service
                .send(
                    "POST",
                    "/api/v1/embeddings",
                    "{\"model\":\"slow\",\"input\":\"a\"}",
                    authorization)
                .statusCode())
        .isEqualTo(200);
    assertThat(model.slowTexts()).isLessThan(100);

    for (Socket client : clients) {
      client.close();
    }
    model.release();
    await().until(() -> metric(service, "sheaf_work_busy{work=\"embeddings\"}") == 0);
    assertThat(model.slowTexts()).isLessThan(1_000);
  }

  /// A model server that does not answer requests with the text "slow" until it is released.
  private record SlowModel(HttpServer server, Semaphore answers, AtomicInteger count)
      implements AutoCloseable {

    /// @param settings gets the address
    static SlowModel start(Map<String, String> settings) throws IOException {
      HttpServer server =
          HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      var model = new SlowModel(server, new Semaphore(0), new AtomicInteger());
      server.createContext("/v1/embeddings", model::answer);
      server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
      server.start();
      settings.put(
          "SHEAF_EMBEDDING_OPENAI_SLOW_URL",
          "http://localhost:" + server.getAddress().getPort() + "/v1");
      return model;
    }

    int slowTexts() {
      return count.get();
    }

    void answerOne() {
      answers.release();
    }

    void release() {
      answers.release(1_000_000);
    }

    private void answer(HttpExchange exchange) throws IOException {
      try (exchange) {
        String request =
            new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        String input = request.substring(request.indexOf('['), request.indexOf(']'));
        int texts = input.split(",", -1).length;
        if (input.contains("slow")) {
          count.addAndGet(texts);
          answers.acquire();
        }
        String vector = "{\"embedding\":[1,0]}";
        byte[] answer =
            ("{\"data\":[" + vector + ("," + vector).repeat(texts - 1) + "]}")
                .getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(200, answer.length);
        exchange.getResponseBody().write(answer);
      } catch (InterruptedException e) {
        throw new IOException(e);
      }
    }

    @Override
    public void close() {
      release();
      server.stop(0);
    }
  }

  private static double metric(SheafProcess service, String series) throws Exception {
    String metrics = service.send("GET", "/q/metrics", "").body();
    return metrics
        .lines()
        .filter(line -> line.startsWith(series + " "))
        .mapToDouble(line -> Double.parseDouble(line.substring(series.length() + 1)))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no " + series + " in " + metrics));
  }

  /// Sends the beginning of a request.
  ///
  /// @param rest the other headers, an empty line, and the beginning of the body
  private static Socket open(SheafProcess service, String key, String request, String rest)
      throws IOException {
    URI uri = service.uri("/");
    var client = new Socket();
    // A client that reads nothing must not buffer its answer.
    client.setReceiveBufferSize(4096);
    client.connect(new InetSocketAddress(uri.getHost(), uri.getPort()));
    String head =
        "%s HTTP/1.1\nHost: localhost\nAuthorization: Bearer %s\n%s".formatted(request, key, rest);
    client.getOutputStream().write(head.replace("\n", "\r\n").getBytes(StandardCharsets.UTF_8));
    return client;
  }

  private static void searchesKeepTheirShareOfAPoolFullOfWrites(
      SheafProcess service, TestDatabase database, ExecutorService clients) throws Exception {
    List<Future<HttpResponse<String>>> puts = new ArrayList<>();
    List<Future<HttpResponse<String>>> uploads = new ArrayList<>();
    try (Connection holder = database.connect();
        Statement lock = holder.createStatement()) {
      holder.setAutoCommit(false);
      // Reads still work.
      lock.execute("LOCK TABLE chunk IN EXCLUSIVE MODE");
      for (int i = 1; i <= 10; i++) {
        int id = i;
        puts.add(clients.submit(() -> put(service, id)));
        uploads.add(clients.submit(() -> upload(service, 10 + id)));
      }
      await()
          .until(() ->
              puts.stream().filter(Future::isDone).count() == 9
                  && uploads.stream().filter(Future::isDone).count() == 9);

      assertThat(search(service).statusCode()).isEqualTo(200);
    }
    for (var kind : List.of(puts, uploads)) {
      List<HttpResponse<String>> refused = new ArrayList<>();
      for (Future<HttpResponse<String>> answer : kind) {
        if (answer.get().statusCode() == 503) {
          refused.add(answer.get());
        }
      }
      assertThat(refused).hasSize(9).allSatisfy(LimitsIT::isOverloaded);
    }
  }

  private static void aSearchTooManyIsRefused(
      SheafProcess service, TestDatabase database, ExecutorService clients) throws Exception {
    Future<HttpResponse<String>> first;
    try (Connection holder = database.connect();
        Statement lock = holder.createStatement()) {
      holder.setAutoCommit(false);
      lock.execute("LOCK TABLE embedding");
      first = clients.submit(() -> search(service));
      await().until(() -> LockWaits.behind(holder) == 1);

      HttpResponse<String> second = search(service);

      isOverloaded(second);
      assertThat(second.body()).contains("raise sheaf.limits.searches");
      assertThat(service.send("GET", "/api/v1/collections/c/documents/d0", "").statusCode())
          .isEqualTo(200);
    }
    assertThat(first.get().statusCode()).isEqualTo(200);
    assertThat(search(service).statusCode()).isEqualTo(200);
  }

  private static void aGreedyCallerIsRefusedAndNobodyElse(
      SheafProcess service, ExecutorService clients) throws Exception {
    String greedy = key(service);
    String modest = key(service);
    List<Callable<HttpResponse<String>>> requests = new ArrayList<>();
    for (int i = 0; i < 150; i++) {
      requests.add(() -> list(service, greedy));
    }

    List<HttpResponse<String>> refused = new ArrayList<>();
    for (Future<HttpResponse<String>> answer : clients.invokeAll(requests)) {
      if (answer.get().statusCode() != 200) {
        refused.add(answer.get());
      }
    }

    assertThat(refused)
        .hasSizeBetween(1, 101)
        .allSatisfy(answer -> {
          assertThat(answer.statusCode()).isEqualTo(429);
          assertThat(answer.headers().firstValue("Retry-After")).hasValue("1");
          assertThat(answer.body())
              .isEqualTo(
                  """
                  {"type":"urn:sheaf:problem:too-many-requests","title":"Too many requests","status":429,\
                  "detail":"The limit is 5 requests per second. Send fewer, or raise sheaf.limits.requests-per-second."}\
                  """);
        });
    assertThat(list(service, modest).statusCode()).isEqualTo(200);
  }

  /// More connections than the service accepts, each with one request.
  private static void whoLeavesConnectionsOpenKeepsNobodyOut(SheafProcess service)
      throws Exception {
    List<Socket> left = new ArrayList<>();
    try {
      for (int i = 0; i < 1_000; i++) {
        Socket client = open(service, "none", "GET /q/health/live", "\n");
        left.add(client);
        assertThat(client.getInputStream().readNBytes(12))
            .as("answer " + i)
            .isEqualTo("HTTP/1.1 200".getBytes(StandardCharsets.US_ASCII));
      }
    } finally {
      for (Socket client : left) {
        client.close();
      }
    }
  }

  private static void isOverloaded(HttpResponse<String> answer) {
    assertThat(answer.statusCode()).isEqualTo(503);
    assertThat(answer.headers().firstValue("Retry-After")).hasValue("1");
    assertThat(answer.body()).contains("urn:sheaf:problem:overloaded");
  }

  private static HttpResponse<String> put(SheafProcess service, int id) throws Exception {
    return service.send(
        "PUT",
        "/api/v1/collections/c/documents/d" + id,
        "{\"chunks\":[{\"text\":\"tides\",\"vector\":[1,%s]}]}".formatted(id));
  }

  private static HttpResponse<String> upload(SheafProcess service, int id) throws Exception {
    return upload(service, id, Map.of());
  }

  private static HttpResponse<String> upload(SheafProcess service, int id, String key)
      throws Exception {
    return upload(service, id, Map.of("Authorization", "Bearer " + key));
  }

  private static HttpResponse<String> upload(
      SheafProcess service, int id, Map<String, String> headers) throws Exception {
    String line =
        "{\"id\":\"d%s\",\"chunks\":[{\"text\":\"tides\",\"vector\":[1,%s]}]}\n".formatted(id, id);
    return service.upload(
        C + "/documents", headers, new ByteArrayInputStream(line.getBytes(StandardCharsets.UTF_8)));
  }

  private static HttpResponse<String> search(SheafProcess service) throws Exception {
    return service.send("POST", C + "/search", "{\"vector\":[1,0]}");
  }

  private static HttpResponse<String> search(SheafProcess service, String key) throws Exception {
    return service.send(
        "POST", C + "/search", "{\"vector\":[1,0]}", Map.of("Authorization", "Bearer " + key));
  }

  private static HttpResponse<String> list(SheafProcess service, String key) throws Exception {
    return service.send("GET", "/api/v1/jobs", "", Map.of("Authorization", "Bearer " + key));
  }

  private static String key(SheafProcess service) throws Exception {
    String made = service.send("POST", "/api/v1/keys", "{\"role\":\"writer\"}").body();
    Matcher key = KEY.matcher(made);
    assertThat(key.find()).as(made).isTrue();
    // Keys are looked up one at a time, and this one is cached from now on.
    assertThat(list(service, key.group(1)).statusCode()).isEqualTo(200);
    return key.group(1);
  }
}
