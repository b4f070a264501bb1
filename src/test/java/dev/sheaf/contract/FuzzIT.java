package dev.sheaf.contract;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sheaf.contract.RequestGenerator.Fuzzed;
import dev.sheaf.testing.EagerIndexes;
import dev.sheaf.testing.InProcess;
import dev.sheaf.testing.Patience;
import dev.sheaf.testing.PostgresTestResource;
import io.agroal.api.AgroalDataSource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import jakarta.inject.Inject;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Sends malformed requests to every operation. Each must get an answer that the OpenAPI document
/// describes, and never an internal error.
@InProcess
@QuarkusTest
@QuarkusTestResource(PostgresTestResource.class)
@TestProfile(EagerIndexes.class)
class FuzzIT {

  private static final ObjectMapper JSON = new ObjectMapper();

  /// The number of concurrent clients: enough for one to drop what another is about to use.
  private static final int CLIENTS = 4;

  /// After this many requests, dropped objects are created again.
  private static final int BLOCK = 25;

  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final int TOLD = 10;

  @Inject AgroalDataSource dataSource;

  @TestHTTPResource URI base;

  private ExampleWorld world;
  private Contract contract;

  private final AtomicInteger next = new AtomicInteger();
  private final ConcurrentLinkedQueue<String> findings = new ConcurrentLinkedQueue<>();
  private final Map<String, AtomicInteger> statuses = new ConcurrentHashMap<>();
  private final Map<String, AtomicInteger> successes = new ConcurrentHashMap<>();
  private final AtomicLong slowest = new AtomicLong();

  @BeforeEach
  void world() throws IOException {
    contract = Contract.committed();
    world = new ExampleWorld(dataSource);
  }

  @AfterEach
  void remove() throws SQLException {
    world.remove();
    for (String collection : List.of("fuzz-1", "fuzz-2")) {
      given().delete("/api/v1/collections/" + collection);
    }
  }

  @Test
  void everyAnswerIsOneThatTheDocumentForesees() throws Exception {
    long seed = Long.getLong("sheaf.soak.fuzz-seed", 1);
    int requests = Integer.getInteger("sheaf.soak.fuzz-requests", 400);
    var generator = new RequestGenerator(contract);
    long start = System.nanoTime();

    try (var threads = Executors.newFixedThreadPool(CLIENTS)) {
      List<Callable<Void>> clients = new ArrayList<>();
      for (int i = 0; i < CLIENTS; i++) {
        clients.add(() -> fuzz(generator, seed, requests));
      }
      for (Future<Void> client : threads.invokeAll(clients)) {
        client.get();
      }
    }

    System.out.printf(
        "fuzz: seed %s, %s requests to %s operations in %s s, by status %s, slowest %s ms, %s findings%n",
        seed,
        requests,
        contract.operations().size(),
        Duration.ofNanos(System.nanoTime() - start).toSeconds(),
        new TreeMap<>(statuses),
        slowest.get(),
        findings.size());
    Path told = Path.of("target/fuzz-findings.txt");
    Files.writeString(told, String.join("\n\n----\n\n", findings));
    assertThat(findings.stream().limit(TOLD)).as("all of them are in %s", told).isEmpty();
    assertThat(contract.operations())
        .as("operations that took at least one of many requests")
        // Only a failed job can be retried, and no request makes a job fail.
        .filteredOn(operation -> !operation.id().equals("retryJob"))
        .filteredOn(operation -> requests > 5_000 && !successes.containsKey(operation.id()))
        .isEmpty();
    assertThat(given().get("/q/health/ready").statusCode()).isEqualTo(200);
    // The index of a field that a request has removed is dropped in the background.
    Patience.await()
        .atMost(Duration.ofMinutes(1))
        .untilAsserted(() ->
            assertThat(given().get("/api/v1/schema/verify").jsonPath().getList("")).isEmpty());
  }

  private Void fuzz(RequestGenerator generator, long seed, int requests) throws Exception {
    try (var http = new RawHttp(base, PATIENCE)) {
      for (int number = next.getAndIncrement();
          number < requests;
          number = next.getAndIncrement()) {
        if (number % BLOCK == 0) {
          world.restore();
        }
        Fuzzed fuzzed = generator.request(seed, number);
        long start = System.nanoTime();
        try {
          Answer answer = http.send(fuzzed.request());
          statuses
              .computeIfAbsent(String.valueOf(answer.status()), _ -> new AtomicInteger())
              .incrementAndGet();
          if (answer.status() < 300) {
            successes
                .computeIfAbsent(fuzzed.operation().id(), _ -> new AtomicInteger())
                .incrementAndGet();
          }
          List<String> wrong = wrong(fuzzed, answer);
          if (!wrong.isEmpty()) {
            findings.add("request %s: %s\n%s\n\n%s".formatted(number, wrong, fuzzed, answer));
          }
        } catch (IOException e) {
          findings.add("request %s: %s\n%s".formatted(number, e, fuzzed));
        }
        long took = Duration.ofNanos(System.nanoTime() - start).toMillis();
        slowest.accumulateAndGet(took, Math::max);
      }
    }
    return null;
  }

  private List<String> wrong(Fuzzed fuzzed, Answer answer) throws IOException {
    if (!isAddress(fuzzed.request().target())) {
      return answer.status() == 400 ? List.of() : List.of("taken for an address");
    }
    List<String> wrong = new ArrayList<>();
    boolean outOfTime = answer.status() == 504 && RequestGenerator.isHurried(fuzzed);
    // Another client may drop a collection while its tables are being compared.
    boolean inMotion =
        answer.status() == 503
            && fuzzed.operation().id().equals("verifySchema")
            && answer.headers().containsKey("retry-after");
    if (answer.status() >= 500 && !outOfTime && !inMotion) {
      wrong.add("the service failed");
    }
    if (!fuzzed.strays()) {
      wrong.addAll(contract.violations(fuzzed.operation(), answer));
    }
    if (answer.status() >= 400) {
      wrong.addAll(ofProblem(answer));
    }
    return wrong;
  }

  /// Whether the target is a valid URI. Quarkus rejects any other without a problem document.
  private static boolean isAddress(String target) {
    try {
      new URI(target);
      return true;
    } catch (URISyntaxException e) {
      return false;
    }
  }

  private static List<String> ofProblem(Answer answer) throws IOException {
    if (!answer.type().equals(Contract.PROBLEM_TYPE)) {
      return List.of("not a problem document");
    }
    JsonNode problem = JSON.readTree(answer.body());
    return problem.path("type").asText().startsWith("urn:sheaf:problem:")
            && !problem.path("title").asText().isEmpty()
            && problem.path("status").asInt() == answer.status()
            && !problem.path("detail").asText().isEmpty()
        ? List.of()
        : List.of("a problem document that lacks something");
  }
}
