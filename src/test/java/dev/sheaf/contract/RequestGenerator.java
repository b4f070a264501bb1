package dev.sheaf.contract;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ContainerNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sheaf.contract.Contract.Operation;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;

/// Generates requests from the OpenAPI document: valid ones, and ones with one flaw. The same seed
/// and number give the same request.
final class RequestGenerator {

  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  /// UTF-8 cannot encode an unpaired surrogate, so JSON must escape it.
  private static final ObjectMapper JSON =
      JsonMapper.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

  /// Operations that take about a second each, and are called rarely.
  private static final Set<String> RARE = Set.of("verifySchema");

  private static final List<String> COLLECTIONS =
      List.of(ExampleWorld.COLLECTION, ExampleWorld.VECTORS, "fuzz-1", "fuzz-2");

  /// Meaningful values for fields and parameters whose type in the document is not specific enough.
  private static final Map<String, List<String>> MEANT =
      Map.of(
          "name", COLLECTIONS,
          "collection", COLLECTIONS,
          "collections", COLLECTIONS,
          "document", List.of("moon/tides", "bread", "v1", "new"),
          "id", List.of("moon/tides", "bread", "v1", "new"),
          "model", List.of("none", "bge-small-en-v1.5"),
          "language", List.of("english", "german", "simple"),
          "expires", List.of("90d", "12h"),
          "input", List.of("the moon", "bread"),
          "text", List.of("the moon and the tides", "bread", "One. Two.\n\nThree?"));

  private static final List<String> HOSTILE =
      List.of(
          "",
          " ",
          "'",
          "\"",
          "\\",
          "'; DROP TABLE collection; --",
          "x' OR '1'='1",
          "../../etc/passwd",
          "..",
          ".",
          "/",
          "//",
          "%2e%2e%2f",
          "${jndi:ldap://localhost/a}",
          "{{7*7}}",
          "<script>alert(1)</script>",
          "$where",
          "a.b.c",
          "\0",
          "a\0b",
          "\r\nX-Injected: 1",
          "\t\b\u001b[31m",
          "\ud83d",
          "\ude00x",
          "\ud83d\ude00\ud83d\udc69\u200d\ud83d\udcbb",
          "\u202e\u200b\ufeff",
          "İßﬀ",
          "e\u0301".repeat(50),
          "null",
          "NaN",
          "-1",
          "1e999",
          "9223372036854775808",
          "0x7f",
          "true",
          "[]",
          "{}",
          ";a=b",
          "a&b=c#d",
          "+",
          "*",
          "x".repeat(600),
          "é".repeat(2_000));

  /// The bounds of docs/limits.md.
  private static final List<Integer> BOUNDS =
      List.of(
          32, 100, 200, 512, 1_000, 2_048, 4_000, 5_000, 8_000, 10_000, 20_000, 65_536, 100_000,
          262_144, 1_000_000);

  private static final List<String> CONTENT_TYPES =
      List.of(
          "text/plain",
          "application/xml",
          "application/json; charset=utf-16",
          "application/json; charset=nonsense",
          "application/x-ndjson",
          "application/json",
          "application/merge-patch+json",
          "application/x-www-form-urlencoded",
          "multipart/form-data",
          "multipart/form-data; boundary=x",
          "application/octet-stream",
          "*/*",
          "json",
          "/",
          ";",
          "application/",
          "\u00ff/\u00ff");

  private static final List<String> HEADERS =
      List.of(
          "Accept: text/html",
          "Accept: application/xml;q=0.1",
          "Accept: application/x-ndjson",
          "Accept: text/event-stream",
          "Accept: */*;q=2",
          "Accept: ///",
          "Accept: ",
          "Accept: application/json, text/*;q=nonsense",
          "Accept-Charset: utf-16",
          "Accept-Encoding: gzip, br;q=0",
          "Accept-Language: \u00e4\u00ff",
          "Authorization: Bearer",
          "Authorization: Bearer ",
          "Authorization: Bearer sheaf_x_y",
          "Authorization: Bearer sheaf_f9120b0f5803_" + "0".repeat(64),
          "Authorization: Bearer eyJhbGciOiJub25lIn0.e30.",
          "Authorization: Basic YTpi",
          "Authorization: \u00ff",
          "Content-Encoding: gzip",
          "Content-Encoding: br",
          "Content-Encoding: gzip, gzip",
          "Cookie: a=b; $Version=1; ;",
          "Expect: 100-continue",
          "Idempotency-Key: ",
          "Idempotency-Key: \u00ff",
          "Idempotency-Key: one",
          "Idempotency-Key: " + "k".repeat(300),
          "If-Match: \"x\"",
          "If-Modified-Since: yesterday",
          "Origin: http://example.com",
          "Prefer: respond-async",
          "Prefer: ;,;=",
          "Range: bytes=5-1",
          "X-Forwarded-For: 'unix:/tmp/x'",
          "X-Forwarded-Prefix: /../",
          "X-HTTP-Method-Override: DELETE",
          "X-Request-Id: a b\tc",
          "X-Long: " + "x".repeat(4_000));

  private static final List<String> QUERIES =
      List.of(
          "%",
          "%zz",
          "a=%ff%fe",
          "a=%00",
          "=",
          "&&&",
          "a",
          "a=1&a=2",
          "?",
          "filter=" + "%7B%22%24not%22%3A".repeat(200),
          "x=" + "y".repeat(2_500));

  private final Contract contract;
  private final List<Operation> operations;
  private final JsonNode line;

  RequestGenerator(Contract contract) {
    this.contract = contract;
    this.operations = contract.operations();
    this.line = contract.schema("DocumentLine");
  }

  /// A request with its flaw.
  ///
  /// @param strays whether the request may reach another operation, or none
  record Fuzzed(Operation operation, RawHttp.Request request, Flaw flaw, boolean strays) {

    @Override
    public String toString() {
      byte[] bytes = request.bytes();
      var text = new StringBuilder(operation.id() + " with " + flaw + ":\n");
      for (byte b : Arrays.copyOf(bytes, Math.min(bytes.length, 2_000))) {
        text.append(b == '\n' || b >= ' ' ? (char) b : "<" + HexFormat.of().toHexDigits(b) + ">");
      }
      return text + (bytes.length > 2_000 ? "... " + bytes.length + " bytes" : "");
    }
  }

  /// The flaw of a request.
  enum Flaw {
    NONE,
    /// One or more values in the body.
    VALUE,
    /// The JSON syntax of the body.
    TEXT,
    /// The media type or encoding of the body.
    TYPE,
    HEADER,
    QUERY,
    PATH
  }

  Fuzzed request(long seed, int number) {
    return new Making(new Random(seed * 1_000_003 + number)).request();
  }

  /// Builds one request.
  private final class Making {

    private final Random random;
    private boolean strays;

    private Making(Random random) {
      this.random = random;
    }

    private Fuzzed request() {
      Operation operation = one(operations);
      while (RARE.contains(operation.id()) && random.nextInt(30) > 0) {
        operation = one(operations);
      }
      List<Flaw> flaws = new ArrayList<>(List.of(Flaw.NONE, Flaw.HEADER, Flaw.QUERY));
      if (operation.bodyType() != null) {
        flaws.addAll(List.of(Flaw.NONE, Flaw.VALUE, Flaw.VALUE, Flaw.TEXT, Flaw.TYPE));
      }
      if (operation.path().contains("{")) {
        flaws.add(Flaw.PATH);
      }
      Flaw flaw = one(flaws);
      List<String> headers = headers(operation);
      byte[] body = operation.bodyType() == null ? null : body(operation, flaw);
      if (body != null) {
        body = described(operation, flaw, headers, body);
      }
      if (flaw == Flaw.HEADER) {
        for (int i = random.nextInt(2); i >= 0; i--) {
          headers.add(one(HEADERS));
        }
        if (body == null && random.nextInt(5) == 0) {
          body = bytes(one(HOSTILE));
        }
      }
      String target = path(operation, flaw) + query(operation, flaw);
      return new Fuzzed(
          operation, new RawHttp.Request(operation.method(), target, headers, body), flaw, strays);
    }

    // Path, query, headers

    private String path(Operation operation, Flaw flaw) {
      String path = operation.path();
      for (JsonNode parameter : operation.parameters("path")) {
        String name = parameter.path("name").asText();
        String value;
        if (flaw != Flaw.PATH || random.nextInt(3) == 0) {
          List<String> known = new ArrayList<>(List.of(Examples.of(parameter).asText()));
          known.addAll(name.equals("collection") ? COLLECTIONS : List.of());
          value = percentEncoded(one(known));
        } else if (random.nextInt(6) == 0) {
          strays = true;
          value = one(List.of("%", "%zz", "%ff", "%ed%a0%80", "%2e%2e", "a;b=c", "a%2", "%25"));
        } else {
          String text = one(HOSTILE);
          strays |= Set.of("", ".", "..").contains(text);
          value = percentEncoded(text);
        }
        path = path.replace("{" + name + "}", value);
      }
      return path;
    }

    private String query(Operation operation, Flaw flaw) {
      var query = new ArrayList<String>();
      for (JsonNode parameter : operation.parameters("query")) {
        JsonNode schema = parameter.path("schema");
        String name = parameter.path("name").asText();
        if (flaw == Flaw.QUERY && random.nextBoolean()) {
          query.add(name + "=" + percentEncoded(one(HOSTILE)));
        } else if (parameter.path("required").asBoolean() || random.nextInt(3) == 0) {
          if (name.equals("filter")) {
            query.add(name + "=" + percentEncoded(filter(2).toString()));
          } else if (!schema.path("type").asText().equals("string")) {
            query.add(name + "=" + value(name, schema, 0).asText());
          }
        }
      }
      if (flaw == Flaw.QUERY) {
        query.add(one(QUERIES));
      }
      return query.isEmpty() ? "" : "?" + String.join("&", query);
    }

    private List<String> headers(Operation operation) {
      var headers = new ArrayList<String>();
      for (JsonNode parameter : operation.parameters("header")) {
        switch (parameter.path("name").asText()) {
          case "Prefer" -> {
            if (random.nextInt(4) == 0) {
              headers.add("Prefer: respond-async");
            }
          }
          case "Idempotency-Key" -> {
            if (random.nextInt(4) == 0) {
              headers.add("Idempotency-Key: key-" + random.nextInt(5));
            }
          }
          default -> {}
        }
      }
      return headers;
    }

    private static String percentEncoded(String text) {
      var encoded = new StringBuilder();
      for (byte b : bytes(text)) {
        boolean unreserved = b == '-' || (b > 0 && Character.isLetterOrDigit(b));
        encoded.append(unreserved ? (char) b : "%" + HexFormat.of().toHexDigits(b));
      }
      return encoded.toString();
    }

    // Bodies

    private byte[] body(Operation operation, Flaw flaw) {
      if (!Contract.JSON_TYPE.equals(operation.bodyType())) {
        var lines = new StringBuilder();
        for (int i = random.nextInt(5); i >= 0; i--) {
          lines.append(text(flawed(flaw, value("", line, 0)))).append('\n');
        }
        return flaw == Flaw.TEXT ? garbled(lines.toString()) : bytes(lines.toString());
      }
      String text = text(flawed(flaw, value("", operation.body().path("schema"), 0)));
      return flaw == Flaw.TEXT ? garbled(text) : bytes(text);
    }

    /// Adds the headers that describe the body; they may be wrong.
    private byte[] described(Operation operation, Flaw flaw, List<String> headers, byte[] body) {
      if (flaw != Flaw.TYPE) {
        headers.add("Content-Type: " + operation.bodyType());
        return body;
      }
      return switch (random.nextInt(4)) {
        case 0 -> body;
        case 1 -> {
          headers.add("Content-Type: " + one(CONTENT_TYPES));
          yield body;
        }
        case 2 -> {
          headers.add("Content-Type: " + operation.bodyType());
          headers.add("Content-Encoding: " + one(List.of("gzip", "br", "deflate", "x", "")));
          yield body;
        }
        default -> {
          headers.add("Content-Type: " + operation.bodyType());
          headers.add("Content-Encoding: gzip");
          byte[] zipped = gzip(body);
          yield random.nextBoolean()
              ? zipped
              : Arrays.copyOf(zipped, random.nextInt(zipped.length));
        }
      };
    }

    private static byte[] gzip(byte[] bytes) {
      var zipped = new ByteArrayOutputStream();
      try (var gzip = new GZIPOutputStream(zipped)) {
        gzip.write(bytes);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      return zipped.toByteArray();
    }

    private byte[] garbled(String text) {
      int at = random.nextInt(text.length() + 1);
      String first = text.substring(0, at);
      String rest = text.substring(at);
      return switch (random.nextInt(15)) {
        case 0 -> bytes(first);
        case 1 -> bytes(first + (char) random.nextInt(128) + rest);
        case 2 -> bytes(text.replaceFirst("\\d+|\"[^\"]*\"(?!:)", "NaN"));
        case 3 -> bytes(text.replaceFirst("\\d+|\"[^\"]*\"(?!:)", "-Infinity"));
        case 4 -> bytes(text.replaceFirst("\\d+|\"[^\"]*\"(?!:)", "9".repeat(5_000)));
        case 5 -> bytes(text.replaceFirst("\\d+|\"[^\"]*\"(?!:)", "1e-99999"));
        case 6 -> bytes(text + text);
        case 7 -> bytes(text.replaceFirst("\\{(\"\\w+\":)", "{$1null,$1"));
        case 8 -> text.getBytes(StandardCharsets.UTF_16);
        case 9 -> bytes("\ufeff" + text);
        case 10 -> new byte[random.nextInt(3)];
        case 11 -> bytes("/* a comment */" + text);
        case 12 -> bytes("[".repeat(1 + random.nextInt(20_000)));
        case 13 -> bytes("{\"a\":".repeat(1 + random.nextInt(5_000)));
        default -> {
          byte[] noise = new byte[random.nextInt(200)];
          random.nextBytes(noise);
          yield noise;
        }
      };
    }

    private JsonNode flawed(Flaw flaw, JsonNode body) {
      if (flaw != Flaw.VALUE) {
        return body;
      }
      JsonNode flawed = body;
      for (int i = random.nextInt(3); i >= 0; i--) {
        var containers = new ArrayList<ContainerNode<?>>();
        containers(flawed, containers);
        if (containers.isEmpty() || random.nextInt(20) == 0) {
          flawed = odd();
        } else {
          spoil(one(containers));
        }
      }
      return flawed;
    }

    private static void containers(JsonNode node, List<ContainerNode<?>> containers) {
      if (node instanceof ContainerNode<?> container) {
        containers.add(container);
        container.forEach(child -> containers(child, containers));
      }
    }

    private void spoil(ContainerNode<?> container) {
      switch (container) {
        case ObjectNode object -> {
          var names = new ArrayList<String>();
          object.fieldNames().forEachRemaining(names::add);
          if (names.isEmpty() || random.nextInt(4) == 0) {
            object.set(one(HOSTILE), odd());
          } else if (random.nextInt(4) == 0) {
            object.remove(one(names));
          } else {
            object.set(one(names), odd());
          }
        }
        case ArrayNode array -> {
          if (array.isEmpty() || random.nextInt(3) == 0) {
            array.add(odd());
          } else {
            array.set(random.nextInt(array.size()), odd());
          }
        }
        default -> throw new IllegalStateException("JSON has two kinds of containers");
      }
    }

    private JsonNode odd() {
      return switch (random.nextInt(20)) {
        case 0 -> NODES.nullNode();
        case 1 -> NODES.booleanNode(random.nextBoolean());
        case 2 -> NODES.numberNode(-1);
        case 3 -> NODES.numberNode(0);
        case 4 -> NODES.numberNode(Integer.MAX_VALUE + 1L);
        case 5 -> NODES.numberNode(BigInteger.TWO.pow(63 + random.nextInt(80)));
        case 6 -> NODES.numberNode(new BigDecimal("1e400"));
        case 7 -> NODES.numberNode(new BigDecimal("-1e-400"));
        case 8 -> NODES.numberNode(random.nextGaussian() * 1e6);
        case 9 -> NODES.arrayNode();
        case 10 -> NODES.objectNode();
        case 11 -> nested(1 + random.nextInt(300));
        case 12 -> NODES.textNode("long ".repeat(2_000));
        case 13 -> numbers(random.nextInt(2_000));
        case 14, 15 -> atBound(one(BOUNDS) + random.nextInt(-1, 2));
        default -> NODES.textNode(one(HOSTILE));
      };
    }

    /// A value that reaches a bound, or is just past it.
    private JsonNode atBound(int bound) {
      return switch (random.nextInt(5)) {
        case 0 -> NODES.numberNode(bound);
        case 1 -> NODES.textNode("x".repeat(bound));
        case 2 -> numbers(Math.min(bound, 20_001));
        case 3 -> NODES.objectNode().put("n".repeat(bound), 1);
        default ->
            bound <= 201
                ? nested(bound)
                : NODES.numberNode(
                    new BigDecimal("1e" + (random.nextBoolean() ? "" : "-") + bound));
      };
    }

    private JsonNode nested(int depth) {
      JsonNode node = NODES.numberNode(1);
      for (int i = 0; i < depth; i++) {
        node =
            random.nextBoolean() ? NODES.arrayNode().add(node) : NODES.objectNode().set("a", node);
      }
      return node;
    }

    private ArrayNode numbers(int count) {
      ArrayNode numbers = NODES.arrayNode();
      for (int i = 0; i < count; i++) {
        numbers.add((float) random.nextGaussian());
      }
      return numbers;
    }

    // What the document allows

    private JsonNode value(String name, JsonNode described, int depth) {
      JsonNode schema = contract.resolve(described);
      for (String composed : List.of("allOf", "oneOf", "anyOf")) {
        if (schema.has(composed)) {
          return value(name, one(Contract.stream(schema.get(composed)).toList()), depth);
        }
      }
      if (schema.has("enum")) {
        return one(Contract.stream(schema.get("enum")).toList());
      }
      return switch (schema.path("type").asText()) {
        case "object" -> object(name, schema, depth);
        case "array" -> array(name, schema, depth);
        case "string" -> NODES.textNode(one(MEANT.getOrDefault(name, List.of("a", "moon"))));
        case "integer" ->
            schema.has("minimum")
                ? NODES.numberNode(
                    random.nextInt(8) == 0 && schema.has("maximum")
                        ? schema.get("maximum").asInt()
                        : random.nextInt(
                            schema.get("minimum").asInt(),
                            schema.path("maximum").asInt(Integer.MAX_VALUE)))
                : NODES.numberNode(one(List.of(1, 2, 3, 3, 3, 384)));
        case "number" ->
            NODES.numberNode(
                random.nextDouble(
                    schema.path("minimum").asDouble(0), schema.path("maximum").asDouble(2)));
        case "boolean" -> NODES.booleanNode(random.nextBoolean());
        default -> NODES.textNode(one(MEANT.getOrDefault(name, List.of("a"))));
      };
    }

    private JsonNode object(String name, JsonNode schema, int depth) {
      if (name.equals("filter")) {
        return filter(2);
      }
      ObjectNode object = NODES.objectNode();
      Set<String> required =
          Contract.stream(schema.path("required"))
              .map(JsonNode::asText)
              .collect(Collectors.toSet());
      for (var property : schema.path("properties").properties()) {
        if (required.contains(property.getKey()) || random.nextInt(5) == 0) {
          object.set(property.getKey(), value(property.getKey(), property.getValue(), depth + 1));
        }
      }
      JsonNode others = schema.path("additionalProperties");
      if (!others.isMissingNode() && depth < 6) {
        for (String key : List.of("year", "field")) {
          if (random.nextBoolean()) {
            object.set(
                key,
                others.isObject() && !others.isEmpty()
                    ? value(key, others, depth + 1)
                    : one(
                        List.of(NODES.numberNode(1998), NODES.textNode("sea"), NODES.nullNode())));
          }
        }
      }
      return object;
    }

    private JsonNode array(String name, JsonNode schema, int depth) {
      JsonNode items = contract.resolve(schema.path("items"));
      if (items.path("type").asText().equals("number")) {
        return numbers(random.nextInt(5) == 0 ? 384 : 3);
      }
      ArrayNode array = NODES.arrayNode();
      for (int i = schema.path("minItems").asInt() + random.nextInt(3); i > 0; i--) {
        array.add(value(name, items, depth + 1));
      }
      return array;
    }

    /// A filter as in `docs/search.md`.
    private ObjectNode filter(int depth) {
      ObjectNode filter = NODES.objectNode();
      switch (random.nextInt(depth > 0 ? 8 : 5)) {
        case 0 -> filter.put("year", 1998);
        case 1 -> filter.putObject("year").put(one(List.of("$gte", "$lt", "$ne")), 2000);
        case 2 -> filter.putObject("field").putArray("$in").add("sea").add("astronomy");
        case 3 -> filter.putObject(one(List.of("$title", "a.b"))).put("$exists", true);
        case 4 -> filter.putObject("$created").put("$gt", "2026-01-31T12:00:00Z");
        case 5 -> filter.putArray("$and").add(filter(depth - 1)).add(filter(depth - 1));
        case 6 -> filter.putArray("$or").add(filter(depth - 1)).add(filter(depth - 1));
        default -> filter.set("$not", filter(depth - 1));
      }
      return filter;
    }

    private <T> T one(List<T> many) {
      return many.get(random.nextInt(many.size()));
    }
  }

  private static String text(JsonNode json) {
    try {
      return JSON.writeValueAsString(json);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  /// Encodes as UTF-8. An unpaired surrogate becomes a question mark.
  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /// Whether the request itself has a very short timeout.
  static boolean isHurried(Fuzzed fuzzed) {
    byte @Nullable [] body = fuzzed.request().body();
    return body != null && new String(body, StandardCharsets.UTF_8).contains("\"timeout\"");
  }
}
