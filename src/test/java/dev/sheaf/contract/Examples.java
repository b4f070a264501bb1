package dev.sheaf.contract;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sheaf.contract.Contract.Operation;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/// Reads the examples in the OpenAPI document.
final class Examples {

  private Examples() {}

  /// The example of a parameter; a missing node if it has none.
  static JsonNode of(JsonNode parameter) {
    return parameter.has("example")
        ? parameter.path("example")
        : parameter.path("schema").path("example");
  }

  /// The examples of an operation's request body: those of the operation, else those of the schema.
  static List<String> ofBody(Contract contract, Operation operation) {
    JsonNode body = operation.body();
    var examples = new ArrayList<JsonNode>();
    body.path("examples").forEach(example -> examples.add(example.path("value")));
    for (JsonNode example :
        List.of(body.path("example"), contract.resolve(body.path("schema")).path("example"))) {
      if (examples.isEmpty() && !example.isMissingNode()) {
        examples.add(example);
      }
    }
    return examples.stream()
        .map(example -> example.isTextual() ? example.textValue() : example.toString())
        .toList();
  }

  /// The path and query, with the examples of all parameters that have one.
  static String target(Operation operation) {
    String path = operation.path();
    for (JsonNode parameter : operation.parameters("path")) {
      path =
          path.replace(
              "{" + parameter.path("name").asText() + "}", encoded(of(parameter).asText()));
    }
    String query =
        operation.parameters("query").stream()
            .filter(parameter -> !of(parameter).isMissingNode())
            .map(parameter ->
                parameter.path("name").asText() + "=" + encoded(of(parameter).asText()))
            .collect(Collectors.joining("&"));
    return query.isEmpty() ? path : path + "?" + query;
  }

  static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }
}
