package dev.sheaf.contract;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SpecVersion.VersionFlag;
import com.networknt.schema.ValidationMessage;
import com.networknt.schema.oas.OpenApi30;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/// The committed OpenAPI document, for tests.
final class Contract {

  static final Path COMMITTED = Path.of("docs/openapi.yaml");

  static final String JSON_TYPE = "application/json";
  static final String PROBLEM_TYPE = "application/problem+json";

  /// The URI of the document for the validator. Nothing is fetched from there.
  private static final String NAME = "urn:sheaf:openapi";

  private static final Set<String> METHODS = Set.of("get", "put", "post", "patch", "delete");

  private static final ObjectMapper YAML = new YAMLMapper();
  private static final ObjectMapper JSON =
      JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

  private final JsonNode document;
  private final JsonSchemaFactory schemas;
  private final Map<String, JsonSchema> loaded = new ConcurrentHashMap<>();

  private Contract(JsonNode document) {
    this.document = document;
    this.schemas =
        JsonSchemaFactory.getInstance(
            VersionFlag.V4,
            factory ->
                factory
                    .metaSchema(OpenApi30.getInstance())
                    .defaultMetaSchemaIri(OpenApi30.getInstance().getIri())
                    .schemaLoaders(
                        loaders -> loaders.schemas(Map.of(NAME, closed(document).toString()))));
  }

  static Contract committed() throws IOException {
    return new Contract(parse(Files.readString(COMMITTED)));
  }

  static JsonNode parse(String yaml) throws IOException {
    return YAML.readTree(yaml);
  }

  static String write(JsonNode document) throws IOException {
    return YAML.writeValueAsString(document);
  }

  /// One operation of the API.
  ///
  /// @param method in capitals
  record Operation(String id, String method, String path, JsonNode described) {

    Set<String> statuses() {
      var statuses = new TreeSet<String>();
      described.path("responses").fieldNames().forEachRemaining(statuses::add);
      return statuses;
    }

    /// @param in `path`, `query` or `header`
    List<JsonNode> parameters(String in) {
      return Contract.stream(described.path("parameters"))
          .filter(parameter -> parameter.path("in").asText().equals(in))
          .toList();
    }

    /// The media type of the request body; `null` if the operation has none.
    @Nullable String bodyType() {
      var types = described.path("requestBody").path("content").fieldNames();
      return types.hasNext() ? types.next() : null;
    }

    JsonNode body() {
      return described.path("requestBody").path("content").path(String.valueOf(bodyType()));
    }

    @Override
    public String toString() {
      return method + " " + path;
    }
  }

  /// All operations, in the order of the document.
  List<Operation> operations() {
    var operations = new ArrayList<Operation>();
    document
        .path("paths")
        .properties()
        .forEach(path ->
            path.getValue()
                .properties()
                .forEach(method -> {
                  if (METHODS.contains(method.getKey())) {
                    operations.add(
                        new Operation(
                            method.getValue().path("operationId").asText(),
                            method.getKey().toUpperCase(Locale.ROOT),
                            path.getKey(),
                            method.getValue()));
                  }
                }));
    return operations;
  }

  /// Finds a schema by its name.
  JsonNode schema(String name) {
    return document.requiredAt("/components/schemas/" + name);
  }

  /// Follows a reference. Returns any other schema unchanged.
  JsonNode resolve(JsonNode schema) {
    JsonNode at = schema;
    while (at.has("$ref")) {
      at = document.at(at.get("$ref").asText().substring(1));
    }
    return at;
  }

  /// The differences between an answer and what the document allows.
  List<String> violations(Operation operation, Answer answer) throws IOException {
    String pointer =
        "/paths/"
            + escaped(operation.path())
            + "/"
            + operation.method().toLowerCase(Locale.ROOT)
            + "/responses/"
            + answer.status();
    JsonNode described = document.at(pointer);
    if (described.isMissingNode()) {
      return List.of("status " + answer.status() + " is not documented");
    }
    if (described.has("$ref")) {
      pointer = described.get("$ref").asText().substring(1);
      described = document.at(pointer);
    }
    JsonNode content = described.path("content");
    if (content.isEmpty()) {
      return answer.body().length == 0 ? List.of() : List.of("there should be no body");
    }
    String type = answer.type();
    if (!content.has(type)) {
      return List.of("Content-Type " + type + " is not documented");
    }
    if (!type.equals(JSON_TYPE) && !type.equals(PROBLEM_TYPE)) {
      return List.of();
    }
    JsonNode body;
    try {
      body = JSON.readTree(answer.body());
    } catch (JsonProcessingException e) {
      return List.of("not JSON: " + e.getOriginalMessage());
    }
    return compiled(pointer + "/content/" + escaped(type) + "/schema").validate(body).stream()
        .map(ValidationMessage::getMessage)
        .toList();
  }

  private JsonSchema compiled(String pointer) {
    return loaded.computeIfAbsent(
        pointer, at -> schemas.getSchema(SchemaLocation.of(NAME + "#" + at)));
  }

  private static String escaped(String segment) {
    return segment.replace("~", "~0").replace("/", "~1");
  }

  /// A copy of the document in which no object may have undocumented fields.
  private static JsonNode closed(JsonNode document) {
    JsonNode copy = document.deepCopy();
    copy.path("components")
        .path("schemas")
        .forEach(schema -> {
          if (schema.has("properties") && !schema.has("additionalProperties")) {
            ((ObjectNode) schema).put("additionalProperties", false);
          }
          schema.path("properties").forEach(Contract::allowNull);
        });
    return copy;
  }

  /// Makes a nullable reference explicit, because the validator ignores that it may be null.
  private static void allowNull(JsonNode property) {
    if (property.path("nullable").asBoolean() && property.has("allOf")) {
      ArrayNode any = ((ObjectNode) property).putArray("anyOf");
      any.add(property.get("allOf").get(0));
      any.addObject().putArray("enum").addNull();
      ((ObjectNode) property).remove(List.of("allOf", "nullable"));
    }
  }

  /// The differences between two documents, each as a JSON pointer and a description.
  static List<String> differences(JsonNode expected, JsonNode actual) {
    var differences = new ArrayList<String>();
    differences("", expected, actual, differences);
    return differences;
  }

  private static void differences(
      String at, JsonNode expected, JsonNode actual, List<String> differences) {
    if (expected.isObject() && actual.isObject()) {
      var names = new TreeSet<String>();
      expected.fieldNames().forEachRemaining(names::add);
      actual.fieldNames().forEachRemaining(names::add);
      names.forEach(name ->
          differences(
              at + "/" + escaped(name), expected.path(name), actual.path(name), differences));
    } else if (expected.isArray() && actual.isArray() && expected.size() == actual.size()) {
      for (int i = 0; i < expected.size(); i++) {
        differences(at + "/" + i, expected.get(i), actual.get(i), differences);
      }
    } else if (actual.isMissingNode()) {
      differences.add(at + " is gone");
    } else if (expected.isMissingNode()) {
      differences.add(at + " is new");
    } else if (!expected.equals(actual)) {
      differences.add(at + " was " + expected + ", is " + actual);
    }
  }

  static Stream<JsonNode> stream(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false);
  }
}
