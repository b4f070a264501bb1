package dev.sheaf.telemetry;

import static dev.sheaf.testing.Patience.await;
import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sheaf.access.ApiKeys;
import dev.sheaf.access.CreateKey;
import dev.sheaf.access.RequiredAccess;
import dev.sheaf.access.Role;
import dev.sheaf.testing.InProcess;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import io.restassured.response.Response;
import io.restassured.specification.RequestSpecification;
import jakarta.inject.Inject;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// The spans and log lines of a search.
@InProcess
@QuarkusTest
@TestProfile(RequiredAccess.class)
class TracesIT {

  private static final AtomicInteger COLLECTIONS = new AtomicInteger();
  private static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
  private static final String CALLER = "00f067aa0ba902b7";

  /// Contains characters that could end a string literal.
  private static final String SECRET = "when is the harbour's 'high\nwater\\' quagga";

  @Inject InMemorySpanExporter exporter;
  @Inject ApiKeys keys;

  private final List<String> logged = new ArrayList<>();
  private final Handler handler =
      new Handler() {
        @Override
        public void publish(LogRecord line) {
          logged.add(String.format(line.getMessage(), line.getParameters()));
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
      };
  private final String name = "traced-" + COLLECTIONS.incrementAndGet();
  private final String path = "/api/v1/collections/" + name;
  private String key = "";

  @BeforeEach
  void aCollection() throws SQLException {
    key = keys.create(CreateKey.of(Role.ADMIN, null, null, null)).key();
    as().body(Map.of("name", name)).post("/api/v1/collections").then().statusCode(201);
    as().body(Map.of("text", "High water is at noon.", "metadata", Map.of("place", "quagga")))
        .put(path + "/documents/tides")
        .then()
        .statusCode(201);
    Logger.getLogger("dev.sheaf.search.SearchLog").addHandler(handler);
  }

  @AfterEach
  void dropIt() {
    Logger.getLogger("dev.sheaf.search.SearchLog").removeHandler(handler);
    as().delete(path).then().statusCode(204);
  }

  @Test
  void aSearchIsOneTraceFromHttpToSql() {
    Response answer =
        as().header("traceparent", "00-%s-%s-01".formatted(TRACE, CALLER))
            .body(Map.of("text", SECRET + ", once more"))
            .post(path + "/search");

    assertThat(answer.statusCode()).isEqualTo(200);
    List<SpanData> spans = spans(3);
    SpanData http = spans.getLast();
    assertThat(spans)
        .map(span -> span.getKind() + " " + span.getName())
        .containsExactly(
            SpanKind.INTERNAL + " embed",
            SpanKind.CLIENT + " search",
            SpanKind.SERVER + " POST /collections/{collection}/search");
    assertThat(spans)
        .map(SpanData::getParentSpanId)
        .containsExactly(http.getSpanId(), http.getSpanId(), CALLER);
    assertThat(spans.toString()).doesNotContain("quagga").doesNotContain(key);
  }

  @Test
  void searchesOfABatchBelongToItsTrace() {
    var one = Map.of("collection", name, "search", Map.of("vector", vector()));

    as().header("traceparent", "00-%s-%s-01".formatted(TRACE, CALLER))
        .body(Map.of("searches", List.of(one, one)))
        .post("/api/v1/search/batch")
        .then()
        .statusCode(200);

    assertThat(spans(3))
        .map(SpanData::getName)
        .containsExactly("search", "search", "POST /search/batch");
  }

  @Test
  void aSlowSearchIsLoggedWithItsPlanAndWithoutItsText() {
    as().body(Map.of("text", SECRET, "mode", "hybrid", "filter", Map.of("place", SECRET)))
        .post(path + "/search")
        .then()
        .statusCode(200);

    assertThat(logged).hasSize(1);
    assertThat(logged.getFirst())
        .startsWith("Slow search: collection=" + name + " mode=hybrid strategy=exact ms=")
        .contains(" plan=", "embedding_", "'...'")
        .doesNotContain("quagga", "harbour", "water");
  }

  @Test
  void aSlowSearchWithALongTextIsAnswered() {
    as().body(Map.of("text", "quagga's \\ ".repeat(1_000), "mode", "fulltext"))
        .post(path + "/search")
        .then()
        .statusCode(200);

    assertThat(logged).hasSize(1);
    assertThat(logged.getFirst()).contains(" plan=", "'...'").doesNotContain("quagga");
  }

  private static List<Double> vector() {
    return IntStream.range(0, 384).mapToObj(i -> i == 0 ? 1.0 : 0.0).toList();
  }

  /// The spans of the trace, ordered by their end.
  private List<SpanData> spans(int many) {
    return await()
        .until(
            () ->
                exporter.getFinishedSpanItems().stream()
                    .filter(span -> span.getTraceId().equals(TRACE))
                    .toList(),
            spans -> spans.size() >= many);
  }

  private RequestSpecification as() {
    exporter.reset();
    return given().header("Authorization", "Bearer " + key).contentType("application/json");
  }
}
