package dev.sheaf.limits;

import static dev.sheaf.testing.Patience.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sheaf.testing.LockWaits;
import dev.sheaf.testing.SheafProcess;
import dev.sheaf.testing.TestDatabase;
import java.io.ByteArrayInputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/// Tests a service with eight connections, which allow one concurrent write and one upload. It is
/// configured for one concurrent search, and for bursts of fifty requests per caller.
class LimitsIT {

  private static final Map<String, String> NARROW =
      Map.of(
          "QUARKUS_DATASOURCE_JDBC_MAX_SIZE", "8",
          "SHEAF_LIMITS_SEARCHES", "1",
          "SHEAF_LIMITS_QUEUE_FOR", "200ms",
          "SHEAF_LIMITS_REQUESTS_PER_SECOND", "5",
          "SHEAF_LIMITS_BURST_SECONDS", "10",
          "SHEAF_LIMITS_HEADER_TIMEOUT", "5s",
          "QUARKUS_HTTP_READ_TIMEOUT", "5s",
          // Only the test waits for its locks.
          "SHEAF_INDEX_CHECK_EVERY", "1h",
          "SHEAF_METRICS_EVERY", "off");

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
    try (TestDatabase database = TestDatabase.migrated();
        SheafProcess service = SheafProcess.start(database, NARROW);
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

      searchesKeepTheirShareOfAPoolFullOfWrites(service, database, clients);
      aSearchTooManyIsRefused(service, database, clients);
      aGreedyCallerIsRefusedAndNobodyElse(service, clients);
      for (Socket socket : silent) {
        assertThat(socket.getInputStream().read()).as("end of the connection").isEqualTo(-1);
        socket.close();
      }
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
        .hasSizeBetween(1, 100)
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
    String line =
        "{\"id\":\"d%s\",\"chunks\":[{\"text\":\"tides\",\"vector\":[1,%s]}]}\n".formatted(id, id);
    return service.upload(
        "/api/v1/collections/c/documents",
        Map.of(),
        new ByteArrayInputStream(line.getBytes(StandardCharsets.UTF_8)));
  }

  private static HttpResponse<String> search(SheafProcess service) throws Exception {
    return service.send("POST", "/api/v1/collections/c/search", "{\"vector\":[1,0]}");
  }

  private static HttpResponse<String> list(SheafProcess service, String key) throws Exception {
    return service.send("GET", "/api/v1/jobs", "", Map.of("Authorization", "Bearer " + key));
  }

  private static String key(SheafProcess service) throws Exception {
    String made = service.send("POST", "/api/v1/keys", "{\"role\":\"writer\"}").body();
    Matcher key = KEY.matcher(made);
    assertThat(key.find()).as(made).isTrue();
    return key.group(1);
  }
}
