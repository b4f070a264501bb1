package dev.sheaf.access;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sheaf.collection.CollectionService;
import dev.sheaf.collection.CreateCollection;
import dev.sheaf.testing.Api;
import dev.sheaf.testing.InProcess;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import io.restassured.response.Response;
import io.restassured.specification.RequestSpecification;
import jakarta.inject.Inject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Every kind of caller calls every operation of the OpenAPI document.
@InProcess
@QuarkusTest
@TestProfile(RequiredAccess.class)
class AuthorisationIT {

  private static final ObjectMapper JSON = new ObjectMapper();

  private static final String COLLECTION = "matrix";
  private static final String ABSENT = "absent";
  private static final Set<String> METHODS = Set.of("get", "put", "post", "patch", "delete");

  /// The callers that each required role permits.
  private static final Map<String, List<String>> LETS_IN =
      Map.of(
          "reader", List.of("reader", "writer", "admin", "operator"),
          "writer", List.of("writer", "admin", "operator"),
          "admin", List.of("admin", "operator"),
          "operator", List.of("operator"));

  @Inject ApiKeys keys;
  @Inject CollectionService collections;

  /// The keys of the callers by their names in the table; `nobody` has no key.
  private final Map<String, @Nullable String> callers = new LinkedHashMap<>();

  private record Operation(String method, String path, String contentType, String role) {
    boolean isOfCollection() {
      return path.contains("{collection}");
    }
  }

  @BeforeEach
  void callers() throws SQLException {
    callers.put("nobody", null);
    callers.put("reader", key(Role.READER, COLLECTION));
    callers.put("writer", key(Role.WRITER, COLLECTION));
    callers.put("admin", key(Role.ADMIN, COLLECTION));
    callers.put("operator", key(Role.ADMIN, null));
    callers.put("other", key(Role.ADMIN, "elsewhere"));
  }

  private String key(Role role, @Nullable String collection) throws SQLException {
    return keys.create(
            CreateKey.of(role, null, collection == null ? null : List.of(collection), null))
        .key();
  }

  @Test
  void everyOperationDemandsARole() throws IOException {
    List<Operation> operations = operations();
    Map<Operation, Map<String, String>> matrix = new LinkedHashMap<>();
    for (Operation operation : operations) {
      Map<String, String> row = new LinkedHashMap<>();
      callers.forEach((caller, key) -> row.put(caller, outcome(operation, key)));
      matrix.put(operation, row);
    }

    assertThat(operations).hasSizeGreaterThan(25);
    matrix.forEach(
        (operation, row) -> assertThat(row).as(operation.toString()).isEqualTo(due(operation)));
    String table = table(matrix);
    Files.writeString(Path.of("target/authorisation-matrix.md"), table);
    assertThat(Files.readString(Path.of("docs/access.md")))
        .as("docs/access.md holds target/authorisation-matrix.md as it is")
        .contains(table);
  }

  /// The expected result for each caller, by the role in the document.
  private Map<String, String> due(Operation operation) {
    assertThat(LETS_IN).as(operation + " demands a role").containsKey(operation.role());
    List<String> letIn = LETS_IN.getOrDefault(operation.role(), List.of());
    Map<String, String> due = new LinkedHashMap<>();
    for (String caller : callers.keySet()) {
      String allowed =
          switch (caller) {
            case "nobody" -> "401";
            // An admin that is limited to another collection.
            case "other" ->
                !letIn.contains("admin") ? "403" : operation.isOfCollection() ? "404" : "yes";
            default -> letIn.contains(caller) ? "yes" : "403";
          };
      due.put(caller, allowed);
    }
    return due;
  }

  @Test
  void aCollectionOutsideOfTheKeyIsAsAbsentAsOneThatIsNot() throws IOException {
    ensureCollection();
    for (Operation operation : operations()) {
      if (operation.isOfCollection()) {
        Response hidden = send(operation, callers.get("other"), COLLECTION);
        Response absent = send(operation, callers.get("other"), ABSENT);

        assertThat(hidden.asString()).isEqualTo(absent.asString().replace(ABSENT, COLLECTION));
        assertThat(hidden.statusCode()).isEqualTo(404).isEqualTo(absent.statusCode());
        assertThat(headers(hidden)).isEqualTo(headers(absent));
      }
    }
    // The answer must be the same as the one that an unlimited caller gets for a missing
    // collection.
    assertThat(get(callers.get("other"), "/api/v1/collections/" + COLLECTION).asString())
        .isEqualTo(
            get(callers.get("operator"), "/api/v1/collections/" + ABSENT)
                .asString()
                .replace(ABSENT, COLLECTION));
  }

  private static Map<String, String> headers(Response response) {
    var headers = new TreeMap<String, String>();
    response.headers().forEach(header -> headers.put(header.getName(), header.getValue()));
    // The names have different lengths, and each request has its own ID.
    headers.remove("content-length");
    headers.remove("X-Request-Id");
    return headers;
  }

  private static Response get(@Nullable String key, String path) {
    return as(key).get(path);
  }

  private List<Operation> operations() throws IOException {
    JsonNode document =
        JSON.readTree(
            as(callers.get("reader")).accept("application/json").get("/q/openapi").asString());
    List<Operation> operations = new ArrayList<>();
    document
        .get("paths")
        .properties()
        .forEach(path ->
            path.getValue()
                .properties()
                .forEach(method -> {
                  if (METHODS.contains(method.getKey())) {
                    operations.add(operation(method.getKey(), path.getKey(), method.getValue()));
                  }
                }));
    operations.sort(Comparator.comparing(Operation::path).thenComparing(Operation::method));
    return operations;
  }

  private static Operation operation(String method, String path, JsonNode described) {
    var types = described.path("requestBody").path("content").fieldNames();
    return new Operation(
        method.toUpperCase(java.util.Locale.ROOT),
        path,
        types.hasNext() ? types.next() : "application/json",
        described.path("x-role").asText());
  }

  private String outcome(Operation operation, @Nullable String key) {
    ensureCollection();
    Response response = send(operation, key, COLLECTION);
    String type =
        String.valueOf(response.contentType()).startsWith("application/problem+json")
            ? Api.json(response).path("type").textValue().replace("urn:sheaf:problem:", "")
            : "";
    return switch (response.statusCode()) {
      case 401 -> {
        assertThat(type).isEqualTo("unauthenticated");
        assertThat(response.header("WWW-Authenticate")).isEqualTo("Bearer");
        yield "401";
      }
      case 403 -> {
        assertThat(type).isEqualTo("forbidden");
        yield "403";
      }
      case 404 -> type.equals("collection-not-found") ? "404" : "yes";
      default -> {
        assertThat(response.statusCode()).isLessThan(500);
        yield "yes";
      }
    };
  }

  /// Sends a body that no operation accepts, so that a permitted call changes as little as
  /// possible.
  private static Response send(Operation operation, @Nullable String key, String collection) {
    String path =
        operation
            .path()
            .replace("{collection}", collection)
            .replace("{id}", "0")
            .replaceAll("\\{\\w+}", "nothing");
    RequestSpecification request = as(key);
    if (!operation.method().equals("GET") && !operation.method().equals("DELETE")) {
      request.contentType(operation.contentType()).body("{}".getBytes(StandardCharsets.UTF_8));
    }
    return request.request(operation.method(), path);
  }

  private static RequestSpecification as(@Nullable String key) {
    return key == null ? given() : given().header("Authorization", "Bearer " + key);
  }

  /// Creates the collection again, because one of the operations drops it.
  private void ensureCollection() {
    if (collections.list(null, 1_000, null).stream()
        .noneMatch(view -> view.name().equals(COLLECTION))) {
      collections.create(CreateCollection.named(COLLECTION, "to be seen or not"));
    }
  }

  private static String table(Map<Operation, Map<String, String>> matrix) {
    var table =
        new StringBuilder(
            """
            | Operation | nobody | reader | writer | admin | admin of all collections | admin of another collection |
            |---|---|---|---|---|---|---|
            """);
    matrix.forEach((operation, row) ->
        table
            .append("| `")
            .append(operation.method())
            .append(' ')
            .append(operation.path())
            .append("` | ")
            .append(String.join(" | ", row.values()))
            .append(" |\n"));
    return table.toString();
  }
}
