package dev.sheaf.transfer;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sheaf.runtime.OperatorException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.http.HttpRequest;
import java.nio.charset.MalformedInputException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Queries with judged documents, from a file with a judgement on each line: the text of the query,
/// the id of a document, and how relevant it is, a whole number that may be absent and is 1 then. A
/// tab separates them. Lines with the same text are one query; empty lines are skipped.
///
/// @param queries for each text the grades of documents
public record Judgements(Map<String, Map<String, Integer>> queries) {

  private static final long MAX_BYTES = 100_000_000;

  private static final String HINT =
      "each line is a query, a tab and the id of a document; optionally a tab and a grade, such as"
          + " 2";

  /// Reads a file in UTF-8.
  ///
  /// @throws OperatorException if a line has another form
  /// @throws IOException if the file cannot be read
  public static Judgements read(Path file) throws IOException {
    if (Files.size(file) > MAX_BYTES) {
      throw new OperatorException(file + " has more than 100 MB", "split it");
    }
    try {
      return parse(file.toString(), Files.readAllLines(file, StandardCharsets.UTF_8));
    } catch (MalformedInputException e) {
      throw new OperatorException(file + " is not a text in UTF-8", "convert it with iconv", e);
    }
  }

  static Judgements parse(String file, List<String> lines) {
    var queries = new LinkedHashMap<String, Map<String, Integer>>();
    int number = 0;
    for (String line : lines) {
      number++;
      if (line.isBlank()) {
        continue;
      }
      String[] fields = line.split("\t", -1);
      if (fields.length < 2 || fields.length > 3 || fields[0].isBlank() || fields[1].isEmpty()) {
        throw malformed(file, number);
      }
      Integer other =
          queries
              .computeIfAbsent(fields[0].strip(), _ -> new LinkedHashMap<>())
              .put(fields[1], grade(file, number, fields));
      if (other != null) {
        throw new OperatorException(
            "line %s of %s judges the document %s again".formatted(number, file, fields[1]),
            "leave one of the lines");
      }
    }
    if (queries.isEmpty()) {
      throw new OperatorException(file + " has no judgements", HINT);
    }
    return new Judgements(queries);
  }

  private static Integer grade(String file, int number, String[] fields) {
    try {
      return fields.length == 2 ? 1 : Integer.valueOf(fields[2].strip());
    } catch (NumberFormatException e) {
      throw malformed(file, number);
    }
  }

  private static OperatorException malformed(String file, int number) {
    return new OperatorException("line %s of %s is not a judgement".formatted(number, file), HINT);
  }

  /// Has the service evaluate searches.
  ///
  /// @param settings by name, the options of each as JSON
  /// @return the response of the service
  /// @throws OperatorException if the request fails, or the service cannot be reached
  public JsonNode evaluate(
      SheafClient client, String collection, Map<String, String> settings, int k) {
    ObjectNode body = SheafClient.JSON.createObjectNode();
    ArrayNode judged = body.putArray("queries");
    queries.forEach((text, grades) -> {
      ObjectNode relevant = judged.addObject().put("text", text).putObject("relevant");
      grades.forEach(relevant::put);
    });
    ArrayNode all = body.putArray("settings");
    settings.forEach(
        (name, options) -> all.addObject().put("name", name).setAll(object(name, options)));
    body.put("k", k);
    HttpRequest request =
        client
            .request("/collections/%s/evaluate", collection)
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body.toString()))
            .build();
    try (SheafClient.Response response = client.send(request)) {
      return response.json();
    } catch (ConnectException e) {
      throw client.unreachable(e);
    } catch (IOException e) {
      throw new OperatorException(
          "the evaluation failed: " + e.getMessage(), "run the command again", e);
    }
  }

  private static ObjectNode object(String name, String options) {
    try {
      if (SheafClient.JSON.readTree(options) instanceof ObjectNode object) {
        return object;
      }
    } catch (JsonProcessingException e) {
      // The exception below also covers this case.
    }
    throw new OperatorException(
        "the setting %s is not a JSON object: %s".formatted(name, options),
        "write its options as in --setting 'hybrid={\"mode\": \"hybrid\"}'");
  }
}
