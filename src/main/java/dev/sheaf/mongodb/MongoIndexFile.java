package dev.sheaf.mongodb;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.sheaf.runtime.OperatorException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.bson.BsonDocument;
import org.bson.BsonInvalidOperationException;
import org.bson.json.JsonParseException;

/// Parses an `indexes.json`. Unknown options are rejected, because a misspelt one would otherwise
/// be noticed months later.
final class MongoIndexFile {

  private static final List<String> KINDS = List.of("text", "2dsphere", "2d", "hashed");

  /// A field path without names that begin with `$`, or a wildcard: `path.$**` or `$**`.
  private static final Pattern FIELD =
      Pattern.compile(
          "(?:[^.$\\x00][^.\\x00]*)(?:\\.[^.$\\x00][^.\\x00]*)*(?:\\.\\$\\*\\*)?|\\$\\*\\*");

  /// The type of an option or of a field of a collation.
  private enum Type {
    BOOLEAN("true or false"),
    COUNT("a whole number, 0 or more"),
    NUMBER("a number"),
    TEXT("a string"),
    DOCUMENT("an object");

    private final String words;

    Type(String words) {
      this.words = words;
    }

    boolean accepts(JsonNode value) {
      return switch (this) {
        case BOOLEAN -> value.isBoolean();
        case COUNT -> value.isIntegralNumber() && value.canConvertToInt() && value.intValue() >= 0;
        case NUMBER -> value.isNumber();
        case TEXT -> value.isTextual() && !value.textValue().isBlank();
        case DOCUMENT -> value.isObject();
      };
    }
  }

  private static final Map<String, Type> OPTIONS =
      new TreeMap<>(
          Map.ofEntries(
              Map.entry("name", Type.TEXT),
              Map.entry("unique", Type.BOOLEAN),
              Map.entry("sparse", Type.BOOLEAN),
              Map.entry("hidden", Type.BOOLEAN),
              Map.entry("expireAfterSeconds", Type.COUNT),
              Map.entry("partialFilterExpression", Type.DOCUMENT),
              Map.entry("collation", Type.DOCUMENT),
              Map.entry("weights", Type.DOCUMENT),
              Map.entry("default_language", Type.TEXT),
              Map.entry("language_override", Type.TEXT),
              Map.entry("textIndexVersion", Type.COUNT),
              Map.entry("2dsphereIndexVersion", Type.COUNT),
              Map.entry("bits", Type.COUNT),
              Map.entry("min", Type.NUMBER),
              Map.entry("max", Type.NUMBER),
              Map.entry("wildcardProjection", Type.DOCUMENT)));

  private static final Map<String, Type> COLLATION =
      new TreeMap<>(
          Map.of(
              "locale", Type.TEXT,
              "caseLevel", Type.BOOLEAN,
              "caseFirst", Type.TEXT,
              "strength", Type.COUNT,
              "numericOrdering", Type.BOOLEAN,
              "alternate", Type.TEXT,
              "maxVariable", Type.TEXT,
              "normalization", Type.BOOLEAN,
              "backwards", Type.BOOLEAN));

  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .build();

  private final String path;

  private MongoIndexFile(String path) {
    this.path = path;
  }

  /// The collections of the file, in its order.
  ///
  /// @param path the name of the file in messages
  /// @throws OperatorException with the file, the collection and the index
  static List<MongoCollectionIndexes> parse(String path, String json) {
    JsonNode root;
    try {
      root = JSON.readTree(json);
    } catch (JsonProcessingException e) {
      // No location, no line: then the text ended before it was complete.
      String line = e.getLocation() == null ? "" : " line " + e.getLocation().getLineNr();
      throw new OperatorException(
          "%s:%s is not JSON: %s"
              .formatted(path, line, e.getOriginalMessage().lines().findFirst().orElse("")),
          "",
          e);
    }
    return new MongoIndexFile(path).collections(root);
  }

  private List<MongoCollectionIndexes> collections(JsonNode root) {
    fields(path, root, List.of("collections"));
    List<MongoCollectionIndexes> collections = new ArrayList<>();
    Set<String> names = new HashSet<>();
    int number = 0;
    for (JsonNode collection : array(path, root, "collections")) {
      number++;
      MongoCollectionIndexes parsed = collection(path + ": collection " + number, collection);
      if (!names.add(parsed.name())) {
        throw new OperatorException(
            path + ": collection " + parsed.name() + " is there twice", "put its indexes together");
      }
      collections.add(parsed);
    }
    return List.copyOf(collections);
  }

  private MongoCollectionIndexes collection(String numbered, JsonNode collection) {
    fields(numbered, collection, List.of("name", "indexes"));
    String name = name(numbered, collection.path("name"), "no \"name\"");
    String where = path + ": collection " + name;
    if (name.startsWith("system.") || name.contains("$") || name.contains("\0")) {
      throw new OperatorException(
          where + ": a collection cannot have this name", "names have no $ or start with system.");
    }
    List<MongoIndex> indexes = new ArrayList<>();
    Set<String> names = new HashSet<>();
    int number = 0;
    for (JsonNode index : array(where, collection, "indexes")) {
      number++;
      MongoIndex parsed = index(where, number, index);
      if (!names.add(parsed.name())) {
        throw new OperatorException(
            where + ", index " + parsed.name() + " is there twice", "give each a name of its own");
      }
      indexes.add(parsed);
    }
    return new MongoCollectionIndexes(path, name, indexes);
  }

  private MongoIndex index(String collection, int number, JsonNode index) {
    String numbered = collection + ", index " + number;
    fields(numbered, index, List.of("keys", "options"));
    JsonNode options = index.path("options");
    String name = name(numbered, options.path("name"), "no \"name\" in its options");
    String where = collection + ", index " + name;
    if (name.equals("_id_") || name.equals("*")) {
      throw new OperatorException(where + ": this name is MongoDB's own", "give it another");
    }
    JsonNode keys = index.path("keys");
    keys(where, keys);
    options(where, "option", options, OPTIONS);
    if (options.has("collation")) {
      options(where, "field of collation", options.get("collation"), COLLATION);
      name(where, options.get("collation").path("locale"), "collation has no \"locale\"");
    }
    for (Map.Entry<String, JsonNode> weight : options.path("weights").properties()) {
      if (!Type.COUNT.accepts(weight.getValue()) || weight.getValue().intValue() == 0) {
        throw new OperatorException(
            "%s: weight of \"%s\" is %s".formatted(where, weight.getKey(), weight.getValue()),
            "it has to be a whole number, 1 or more");
      }
    }
    together(where, keys, options);
    BsonDocument others = bson(where, options);
    others.remove("name");
    return new MongoIndex(path, name, bson(where, keys), others);
  }

  private static void keys(String where, JsonNode keys) {
    if (!keys.isObject() || keys.isEmpty()) {
      throw new OperatorException(
          where + ": no \"keys\"", "an object of fields, each 1, -1 or a kind of index");
    }
    for (Map.Entry<String, JsonNode> key : keys.properties()) {
      String field = key.getKey();
      if (!FIELD.matcher(field).matches()) {
        throw new OperatorException(
            "%s: key \"%s\" is no field".formatted(where, field),
            "give a field, a path such as a.b, or $** for all");
      }
      JsonNode value = key.getValue();
      boolean known =
          value.isTextual()
              ? KINDS.contains(value.textValue())
              : value.isNumber() && Math.abs(value.doubleValue()) == 1;
      if (!known) {
        throw new OperatorException(
            "%s: key \"%s\" is %s".formatted(where, field, value),
            "it has to be 1, -1 or one of \"" + String.join("\", \"", KINDS) + "\"");
      }
    }
  }

  /// Checks what a server would reject only after it had created the preceding indexes.
  private static void together(String where, JsonNode keys, JsonNode options) {
    List<String> fields = List.copyOf(names(keys));
    if (fields.equals(List.of("_id")) && keys.get("_id").isNumber()) {
      throw new OperatorException(
          where + ": every collection has an index on _id", "remove this one");
    }
    if (options.has("expireAfterSeconds")
        && (fields.size() > 1
            || fields.equals(List.of("_id"))
            || !keys.get(fields.getFirst()).isNumber())) {
      throw new OperatorException(
          where + ": expireAfterSeconds with keys " + keys, "it needs one field that holds a date");
    }
    int previous = -1;
    boolean text = false;
    for (int i = 0; i < fields.size(); i++) {
      if (keys.get(fields.get(i)).asText().equals("text")) {
        if (text && previous != i - 1) {
          throw new OperatorException(
              where + ": its text fields are apart", "put them beside each other");
        }
        text = true;
        previous = i;
      }
    }
    for (String option : List.of("weights", "default_language", "language_override")) {
      if (options.has(option) && !text) {
        throw new OperatorException(
            "%s: %s without a text field".formatted(where, option), "a key has to be \"text\"");
      }
    }
    if (options.path("sparse").asBoolean() && options.has("partialFilterExpression")) {
      throw new OperatorException(
          where + ": sparse and partialFilterExpression exclude each other",
          "{\"field\": {\"$exists\": true}} in the filter says sparse");
    }
  }

  private static void options(
      String where, String what, JsonNode options, Map<String, Type> allowed) {
    for (Map.Entry<String, JsonNode> option : options.properties()) {
      Type type = allowed.get(option.getKey());
      if (type == null) {
        throw new OperatorException(
            "%s: unknown %s \"%s\"".formatted(where, what, option.getKey()),
            option.getKey().equals("background")
                ? "remove it: servers since 4.2 know no other way"
                : "there are: " + String.join(", ", allowed.keySet()));
      }
      if (!type.accepts(option.getValue())) {
        throw new OperatorException(
            "%s: %s \"%s\" is %s".formatted(where, what, option.getKey(), option.getValue()),
            "it has to be " + type.words);
      }
    }
  }

  private static BsonDocument bson(String where, JsonNode document) {
    try {
      return BsonDocument.parse(document.toString());
    } catch (JsonParseException | BsonInvalidOperationException | IllegalArgumentException e) {
      // Extended JSON, such as {"$date": ...}, that is none.
      throw new OperatorException(
          "%s: %s".formatted(where, String.valueOf(e.getMessage()).lines().findFirst().orElse("")),
          "dates and the like are written as in MongoDB's Extended JSON",
          e);
    }
  }

  private static void fields(String where, JsonNode object, Collection<String> allowed) {
    if (!object.isObject()) {
      throw new OperatorException(
          where + " is no object", "it has \"" + String.join("\" and \"", allowed) + "\"");
    }
    for (String field : names(object)) {
      if (!allowed.contains(field)) {
        throw new OperatorException(
            "%s: unknown field \"%s\"".formatted(where, field),
            "there are: " + String.join(", ", allowed));
      }
    }
  }

  private static JsonNode array(String where, JsonNode object, String field) {
    JsonNode array = object.path(field);
    if (!array.isArray()) {
      throw new OperatorException(
          "%s: no \"%s\"".formatted(where, field), "give an array, [] for none");
    }
    return array;
  }

  private static String name(String where, JsonNode name, String problem) {
    if (!Type.TEXT.accepts(name)) {
      throw new OperatorException(where + ": " + problem, "it has to be a string");
    }
    return name.textValue();
  }

  private static List<String> names(JsonNode object) {
    return object.properties().stream().map(Map.Entry::getKey).toList();
  }
}
