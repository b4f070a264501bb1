package dev.sheaf.limits;

import static dev.sheaf.testing.Patience.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sheaf.testing.OutOfProcess;
import dev.sheaf.testing.SheafCommand;
import dev.sheaf.testing.SheafProcess;
import dev.sheaf.testing.TestDatabase;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/// The service with the heap of the image, while clients send the most expensive requests that are
/// possible, all of them concurrently. A process without memory would exit.
@OutOfProcess
class HostileClientsIT {

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

  private String key = "";

  @Test
  void theServiceAnswersAndLives() throws Exception {
    try (TestDatabase database = TestDatabase.migrated();
        SheafProcess service = SheafProcess.start(database, AS_IN_THE_IMAGE, HEAP);
        ExecutorService clients = Executors.newFixedThreadPool(24)) {
      key = createKey(database);
      fill(service, database);
      List<Socket> silent = announceBodies(service, SILENT);
      List<Integer> statuses = new ArrayList<>();
      for (Future<Integer> status : clients.invokeAll(requests(service))) {
        statuses.add(status.get());
      }

      assertThat(statuses)
          .allMatch(status -> (status >= 200 && status < 500) || status == 503)
          // Not everything is rejected.
          .contains(200);
      // As 503 promises, what did not fit into memory beside the others is answered later.
      await().until(() -> status(service, "POST", C + "/search", manyValues()) == 422);
      await().until(() -> status(service, "POST", C + "/search", "{\"vector\":[1,0]}") == 200);
      await().until(() -> status(service, "PUT", C + "/documents/big", bigDocument(0)) < 300);

      // More than the service accepts. It closes idle ones, so that other clients get through.
      silent.addAll(announceBodies(service, 1_500));
      await().until(() -> status(service, "POST", C + "/search", "{\"vector\":[1,0]}") == 200);
      assertThat(service.log()).noneMatch(line -> line.contains("java.lang.OutOfMemoryError"));
      for (Socket socket : silent) {
        socket.close();
      }
    }
  }

  private List<Callable<Integer>> requests(SheafProcess service) {
    List<Callable<Integer>> requests = new ArrayList<>();
    // The answer would have 100,000 hits.
    requests.add(() -> status(service, "POST", "/api/v1/search/batch", batch(100, 1_000)));
    // These answers have five thousand hits, of 20 MB together.
    requests.add(() -> status(service, "POST", "/api/v1/search/batch", batch(50, 100)));
    requests.add(() -> status(service, "POST", "/api/v1/search/batch", batch(5, 1_000)));
    requests.add(() -> status(service, "POST", C + "/search", manyValues()));
    // Long paths of millions of values.
    requests.add(() -> status(service, "PUT", C + "/documents/deep", deep()));
    for (int i = 0; i < 2; i++) {
      int number = i;
      requests.add(
          () -> status(service, "PUT", C + "/documents/big" + number, bigDocument(number)));
      requests.add(() -> status(service, "GET", C + "/documents/big", ""));
      requests.add(() -> status(service, "GET", C + "/documents/big/chunks", ""));
      requests.add(() -> upload(service, "line" + number));
    }
    requests.add(() -> status(service, "GET", C + "/documents", "", "application/x-ndjson"));
    // Metadata that PostgreSQL prints in 30 MB.
    requests.add(() -> status(service, "POST", C + "/search", "{\"vector\":[0,1],\"limit\":3}"));
    requests.add(() -> status(service, "GET", C + "/documents/digits", ""));
    requests.add(() -> status(service, "GET", C + "/documents?limit=1000", ""));
    requests.add(() -> status(service, "PATCH", C + "/documents/digits", "{\"title\":\"T\"}"));
    return requests;
  }

  private static String createKey(TestDatabase database) throws Exception {
    try (SheafCommand create =
        SheafCommand.start(database, Map.of(), "key", "create", "--role", "admin", "--quiet")) {
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

  /// Almost as large as a body may be.
  private static String bigDocument(int number) {
    String chunk =
        "{\"text\":\"" + ("tide" + number + " ").repeat(16_000) + "\",\"vector\":[0.5,1]}";
    return "{\"chunks\":[" + chunk + ("," + chunk).repeat(9 * MEGABYTE / chunk.length()) + "]}";
  }

  private static String manyChunks() {
    String chunk = "{\"text\":\"" + "wave ".repeat(800) + "\",\"vector\":[1,0]}";
    return "{\"chunks\":[" + chunk + ("," + chunk).repeat(1_200) + "]}";
  }

  private int upload(SheafProcess service, String id) throws Exception {
    String line = "{\"id\":\"" + id + "\"," + bigDocument(7).substring(1) + "\n";
    try {
      return service
          .upload(
              C + "/documents",
              Map.of("Authorization", "Bearer " + key),
              new ByteArrayInputStream(line.getBytes(StandardCharsets.UTF_8)))
          .statusCode();
    } catch (IOException e) {
      return CLOSED;
    }
  }

  /// The status of a response, or [#CLOSED].
  private int status(SheafProcess service, String method, String path, String body)
      throws Exception {
    return status(service, method, path, body, "application/json");
  }

  private int status(SheafProcess service, String method, String path, String body, String accept)
      throws Exception {
    try {
      HttpResponse<String> response =
          service.send(
              method, path, body, Map.of("Accept", accept, "Authorization", "Bearer " + key));
      return response.statusCode();
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
