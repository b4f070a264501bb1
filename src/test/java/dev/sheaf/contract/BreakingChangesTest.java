package dev.sheaf.contract;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.openapitools.openapidiff.core.OpenApiCompare;
import org.openapitools.openapidiff.core.model.ChangedOpenApi;
import org.openapitools.openapidiff.core.output.ConsoleRender;

/// Clients of the last release work with this build.
class BreakingChangesTest {

  private static final Path RELEASED = Path.of("src/test/resources/openapi/released.yaml");

  private static final String SEARCH = "/paths/~1api~1v1~1collections~1{collection}~1search/post";
  private static final String SCHEMAS = "/components/schemas/";

  @Test
  void nothingIsTakenFromTheLastRelease() throws IOException {
    ChangedOpenApi change =
        OpenApiCompare.fromContents(
            Files.readString(RELEASED), Files.readString(Contract.COMMITTED));

    assertThat(change.isCompatible()).as(() -> report(change)).isTrue();
  }

  private static Stream<Arguments> breaking() {
    return Stream.of(
        change(
            "an operation is gone",
            document -> object(document, "/paths/~1api~1v1~1collections").remove("post")),
        change(
            "a path is gone",
            document -> object(document, "/paths").remove("/api/v1/search/batch")),
        change(
            "a request needs a field more",
            document ->
                object(document, SCHEMAS + "SearchRequest").withArray("required").add("text")),
        change(
            "a request needs a parameter",
            document ->
                array(document, SEARCH + "/parameters")
                    .addObject()
                    .put("name", "tenant")
                    .put("in", "query")
                    .put("required", true)
                    .putObject("schema")
                    .put("type", "string")),
        change(
            "a response lost a field",
            document -> {
              object(document, SCHEMAS + "SearchResponse/properties").remove("strategy");
              remove(array(document, SCHEMAS + "SearchResponse/required"), "strategy");
            }),
        change(
            "a response may lack a field",
            document -> remove(array(document, SCHEMAS + "Hit/required"), "score")),
        change(
            "a request takes fewer values",
            document -> remove(array(document, SCHEMAS + "SearchMode/enum"), "hybrid")),
        change(
            "a request takes a smaller number",
            document ->
                object(document, SCHEMAS + "SearchRequest/properties/limit").put("maximum", 100)),
        change(
            "a field has another type",
            document ->
                object(document, SCHEMAS + "SearchResponse/properties/took").put("type", "string")),
        change(
            "an answer is gone",
            document -> object(document, SEARCH + "/responses").remove("200")));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource
  void breaking(String name, Consumer<JsonNode> change) throws IOException {
    assertThat(changed(change).isCompatible()).isFalse();
  }

  private static Stream<Arguments> compatible() {
    return Stream.of(
        change("nothing", document -> {}),
        change(
            "other words",
            document -> object(document, SEARCH).put("summary", "Find what is near")),
        change(
            "an operation more",
            document ->
                object(document, "/paths")
                    .set(
                        "/api/v1/other",
                        object(document, "/paths/~1api~1v1~1collections").deepCopy())),
        change(
            "a request may have a field more",
            document ->
                object(document, SCHEMAS + "SearchRequest/properties")
                    .putObject("synonyms")
                    .put("type", "boolean")),
        change(
            "a response has a field more",
            document ->
                object(document, SCHEMAS + "SearchResponse/properties")
                    .putObject("model")
                    .put("type", "string")),
        change(
            "a request may have a parameter more",
            document ->
                array(document, SEARCH + "/parameters")
                    .addObject()
                    .put("name", "trace")
                    .put("in", "query")
                    .putObject("schema")
                    .put("type", "string")));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource
  void compatible(String name, Consumer<JsonNode> change) throws IOException {
    ChangedOpenApi changed = changed(change);

    assertThat(changed.isCompatible()).as(() -> report(changed)).isTrue();
  }

  private static Arguments change(String name, Consumer<JsonNode> change) {
    return Arguments.of(name, change);
  }

  /// Compares the committed document with a changed copy of itself.
  private static ChangedOpenApi changed(Consumer<JsonNode> change) throws IOException {
    String before = Files.readString(Contract.COMMITTED);
    JsonNode document = Contract.parse(before);
    change.accept(document);
    return OpenApiCompare.fromContents(before, Contract.write(document));
  }

  private static ObjectNode object(JsonNode document, String pointer) {
    return (ObjectNode) document.requiredAt(pointer);
  }

  private static ArrayNode array(JsonNode document, String pointer) {
    return (ArrayNode) document.requiredAt(pointer);
  }

  private static void remove(ArrayNode array, String value) {
    for (int i = 0; i < array.size(); i++) {
      if (array.get(i).asText().equals(value)) {
        array.remove(i);
        return;
      }
    }
    throw new IllegalArgumentException(value + " is not there");
  }

  private static String report(ChangedOpenApi change) {
    var text = new java.io.ByteArrayOutputStream();
    new ConsoleRender()
        .render(
            change, new java.io.OutputStreamWriter(text, java.nio.charset.StandardCharsets.UTF_8));
    return "clients of the last release break; CONTRIBUTING.md says what to do\n" + text;
  }
}
