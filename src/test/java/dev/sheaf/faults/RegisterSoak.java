package dev.sheaf.faults;

import static dev.sheaf.testing.Patience.await;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sheaf.faults.History.Kind;
import dev.sheaf.faults.History.Operation;
import dev.sheaf.faults.History.Outcome;
import dev.sheaf.faults.History.State;
import dev.sheaf.testing.SheafProcess;
import dev.sheaf.testing.TestDatabase;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.ConnectException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// Clients put, patch, delete, upload, read and search a few documents through several replicas,
/// which are killed meanwhile. The history of each document is linearizable: what is acknowledged
/// is seen by everybody from then on, and an upload that is repeated with its key is not applied
/// again.
///
/// The operations that clients choose follow from `sheaf.soak.seed`; their order in time does not.
class RegisterSoak {

  private static final int OPERATIONS = Integer.getInteger("sheaf.soak.operations", 600);
  private static final int KILLS = Integer.getInteger("sheaf.soak.replica-kills", 1);
  private static final int REPLICAS = Integer.getInteger("sheaf.soak.replicas", 2);
  private static final long SEED = Long.getLong("sheaf.soak.seed", 1);

  private static final int CLIENTS = 20;
  private static final int POLL_MILLIS = 50;
  private static final int DOCUMENTS = 8;

  /// After so many operations, the clients go on with other documents: the check of a history takes
  /// more than its length.
  private static final int OPERATIONS_OF_ROUND = 600;

  private static final int ROUNDS = Math.ceilDiv(OPERATIONS, OPERATIONS_OF_ROUND);
  private static final String COLLECTION = "/api/v1/collections/register";
  private static final ObjectMapper JSON = new ObjectMapper();

  private static final Map<String, String> SETTINGS =
      Map.of(
          "SHEAF_INGESTION_LEASE", "2s",
          "SHEAF_INGESTION_POLL_EVERY", "0.1s",
          "SHEAF_LIMITS_OPEN_UPLOADS_PER_CALLER", String.valueOf(CLIENTS));

  private final List<History> histories =
      IntStream.range(0, ROUNDS * DOCUMENTS).mapToObj(_ -> new History()).toList();
  private final AtomicReferenceArray<SheafProcess> replicas = new AtomicReferenceArray<>(REPLICAS);
  private final AtomicInteger begun = new AtomicInteger();

  @Test
  void theHistoryOfEachDocumentIsLinearizable() throws Exception {
    try (TestDatabase database = TestDatabase.migrated();
        ExecutorService clients = Executors.newFixedThreadPool(CLIENTS)) {
      try {
        for (int i = 0; i < REPLICAS; i++) {
          replicas.set(i, SheafProcess.start(database, SETTINGS));
        }
        assertThat(
                replicas
                    .get(0)
                    .send(
                        "POST",
                        "/api/v1/collections",
                        "{\"name\":\"register\",\"model\":\"none\",\"dimensions\":"
                            + DOCUMENTS
                            + "}")
                    .statusCode())
            .isEqualTo(201);
        List<Future<Integer>> running = new ArrayList<>();
        for (int i = 0; i < CLIENTS; i++) {
          running.add(clients.submit(client(i)));
        }
        for (int kill = 0; kill < KILLS; kill++) {
          int after = (kill + 1) * OPERATIONS / (KILLS + 1);
          await().until(() -> begun.get() >= after || running.stream().anyMatch(Future::isDone));
          int victim = kill % REPLICAS;
          replicas.get(victim).kill();
          replicas.set(victim, SheafProcess.start(database, SETTINGS));
        }
        for (Future<Integer> client : running) {
          client.get();
        }
      } finally {
        begun.set(OPERATIONS);
        for (int i = 0; i < REPLICAS; i++) {
          if (replicas.get(i) != null) {
            replicas.get(i).close();
          }
        }
      }
    }
    int operations = histories.stream().mapToInt(History::size).sum();
    // Those that meet a replica that starts, or is overloaded, have no result.
    assertThat(operations).isGreaterThan(OPERATIONS / 4);
    for (History history : histories) {
      assertThat(history.isLinearizable()).as("%s", history).isTrue();
    }
    System.out.printf(
        "%s operations on %s documents through %s replicas, %s kills, seed %s: linearizable%n",
        operations, histories.size(), REPLICAS, KILLS, SEED);
  }

  private Callable<Integer> client(int number) {
    var random = new Random(SEED * CLIENTS + number);
    return () -> {
      int done = 0;
      for (int i = begun.getAndIncrement(); i < OPERATIONS; i = begun.getAndIncrement()) {
        int document = i / OPERATIONS_OF_ROUND * DOCUMENTS + random.nextInt(DOCUMENTS);
        SheafProcess replica = replicas.get(random.nextInt(REPLICAS));
        String value = "c" + number + "n" + done++;
        switch (random.nextInt(20)) {
          case 0, 1, 2, 3 -> put(replica, document, value);
          case 4, 5 -> upload(replica, document, value);
          case 6 -> uploadTwice(replica, document, value);
          case 7, 8 -> patch(replica, document, value);
          case 9, 10, 11 -> delete(replica, document);
          case 12, 13, 14 -> get(replica, document);
          case 15, 16, 17 ->
              search(replica, document, "\"mode\":\"fulltext\",\"text\":\"d" + document + "\"");
          default -> search(replica, document, "\"limit\":1000,\"vector\":" + vector(document));
        }
      }
      return done;
    };
  }

  private interface Request {
    HttpResponse<String> send() throws IOException, InterruptedException;
  }

  /// Adds a write to the history of a document.
  private void write(int document, Kind kind, String value, Request request)
      throws InterruptedException {
    long start = System.nanoTime();
    Outcome outcome = outcome(request);
    if (outcome == null) {
      return;
    }
    long end = outcome == Outcome.UNKNOWN ? Long.MAX_VALUE : System.nanoTime();
    histories.get(document).add(new Operation(kind, value, null, outcome, start, end));
  }

  /// @return `null` if nothing happened, because the service does not run or is overloaded
  private static @Nullable Outcome outcome(Request request) throws InterruptedException {
    HttpResponse<String> response;
    try {
      response = request.send();
    } catch (ConnectException e) {
      // It is being started again.
      Thread.sleep(POLL_MILLIS);
      return null;
    } catch (IOException e) {
      return Outcome.UNKNOWN;
    }
    return switch (response.statusCode()) {
      case 200, 201, 204 -> Outcome.DONE;
      case 404 -> Outcome.ABSENT;
      case 503 -> response.body().contains("urn:sheaf:problem:overloaded") ? null : Outcome.UNKNOWN;
      default -> throw new AssertionError(response.statusCode() + " " + response.body());
    };
  }

  private void put(SheafProcess replica, int document, String value) throws Exception {
    String text = text(document, value);
    write(
        document,
        Kind.PUT,
        text,
        () -> replica.send("PUT", path(document), "{" + chunks(document, text) + "}"));
  }

  private void upload(SheafProcess replica, int document, String value) throws Exception {
    String text = text(document, value);
    write(
        document,
        Kind.PUT,
        text,
        () -> replica.upload(COLLECTION + "/documents", Map.of(), line(document, text)));
  }

  /// Stores an upload, waits until it is loaded, and sends it again with the same key. By then,
  /// others may have changed the document, which must stay as it is.
  private void uploadTwice(SheafProcess replica, int document, String value) throws Exception {
    String text = text(document, value);
    Map<String, String> headers = Map.of("Prefer", "respond-async", "Idempotency-Key", value);
    write(
        document,
        Kind.PUT,
        text,
        () -> {
          HttpResponse<String> accepted =
              replica.upload(COLLECTION + "/documents", headers, line(document, text));
          if (accepted.statusCode() != 202) {
            return accepted;
          }
          return completed(
              replica, "/api/v1/jobs/" + JSON.readTree(accepted.body()).path("id").asLong());
        });
    outcome(() -> {
      HttpResponse<String> again =
          replica.upload(COLLECTION + "/documents", headers, line(document, text));
      // If the first one was lost before it was stored, this one is the first.
      if (again.statusCode() == 202) {
        long start = System.nanoTime();
        histories
            .get(document)
            .add(new Operation(Kind.PUT, text, null, Outcome.UNKNOWN, start, Long.MAX_VALUE));
        return replica.send("GET", COLLECTION, "");
      }
      return again;
    });
  }

  /// @throws IOException if the state of the job cannot be read: the upload is accepted, and will
  ///   be loaded at some time
  private static HttpResponse<String> completed(SheafProcess replica, String job)
      throws IOException, InterruptedException {
    while (true) {
      HttpResponse<String> state;
      try {
        state = replica.send("GET", job, "");
      } catch (ConnectException e) {
        throw new IOException(e);
      }
      if (state.statusCode() != 200) {
        throw new IOException(state.body());
      }
      if (JSON.readTree(state.body()).path("state").asText().equals("completed")) {
        return state;
      }
      Thread.sleep(POLL_MILLIS);
    }
  }

  private void patch(SheafProcess replica, int document, String value) throws Exception {
    write(
        document,
        Kind.PATCH,
        value,
        () -> replica.send("PATCH", path(document), "{\"title\":\"" + value + "\"}"));
  }

  private void delete(SheafProcess replica, int document) throws Exception {
    write(document, Kind.DELETE, "", () -> replica.send("DELETE", path(document), ""));
  }

  private void get(SheafProcess replica, int document) throws Exception {
    read(document, () -> replica.send("GET", path(document), ""), answer -> answer);
  }

  private void search(SheafProcess replica, int document, String query) throws Exception {
    read(
        document,
        () -> replica.send("POST", COLLECTION + "/search", "{" + query + "}"),
        answer -> {
          for (JsonNode hit : answer.path("hits")) {
            if (hit.path("document").asText().equals("d" + document)) {
              return hit;
            }
          }
          return null;
        });
  }

  private interface Reader {
    /// @return the document in an answer
    @Nullable JsonNode document(JsonNode answer);
  }

  private void read(int document, Request request, Reader reader) throws Exception {
    long start = System.nanoTime();
    HttpResponse<String> response;
    try {
      response = request.send();
    } catch (IOException e) {
      return;
    }
    long end = System.nanoTime();
    if (response.statusCode() == 503) {
      return;
    }
    assertThat(response.statusCode()).as(response.body()).isIn(200, 404);
    JsonNode found =
        response.statusCode() == 404 ? null : reader.document(JSON.readTree(response.body()));
    State state =
        found == null
            ? null
            : new State(found.path("text").asText(), found.path("title").textValue());
    histories.get(document).add(new Operation(Kind.READ, "", state, Outcome.DONE, start, end));
  }

  private static String path(int document) {
    return COLLECTION + "/documents/d" + document;
  }

  private static String text(int document, String value) {
    return "d" + document + " " + value;
  }

  private static String chunks(int document, String text) {
    return "\"chunks\":[{\"text\":\"%s\",\"vector\":%s}]".formatted(text, vector(document));
  }

  private static ByteArrayInputStream line(int document, String text) {
    return new ByteArrayInputStream(
        "{\"id\":\"d%s\",%s}\n"
            .formatted(document, chunks(document, text))
            .getBytes(StandardCharsets.UTF_8));
  }

  private static List<Integer> vector(int document) {
    return IntStream.range(0, DOCUMENTS)
        .map(i -> i == document % DOCUMENTS ? 1 : 0)
        .boxed()
        .toList();
  }
}
