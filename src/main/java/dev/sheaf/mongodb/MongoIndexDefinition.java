package dev.sheaf.mongodb;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.bson.BsonArray;
import org.bson.BsonBoolean;
import org.bson.BsonDocument;
import org.bson.BsonInt32;
import org.bson.BsonInt64;
import org.bson.BsonNumber;
import org.bson.BsonString;
import org.bson.BsonValue;
import org.jspecify.annotations.Nullable;

/// The definition of an index without its name, in a normal form for files and servers: numbers
/// have no type, a text index has its fields instead of the server's `_fts`, and defaults are
/// omitted. The defaults are those of the command `createIndexes` and of "Default Collation
/// Parameters" in MongoDB's manual.
///
/// @param keys the keys, in order
/// @param options the options, in any order
record MongoIndexDefinition(BsonDocument keys, BsonDocument options) {

  private static final List<String> SWITCHES = List.of("unique", "sparse", "hidden");

  /// Versions that servers add; they are compared only if the file sets them.
  private static final List<String> VERSIONS = List.of("textIndexVersion", "2dsphereIndexVersion");

  private static final Map<String, BsonValue> FLAT_DEFAULTS =
      Map.of("bits", new BsonInt64(26), "min", new BsonInt64(-180), "max", new BsonInt64(180));
  private static final Map<String, BsonValue> TEXT_DEFAULTS =
      Map.of(
          "default_language", new BsonString("english"),
          "language_override", new BsonString("language"));
  private static final Map<String, BsonValue> COLLATION_DEFAULTS =
      Map.of(
          "caseLevel",
          BsonBoolean.FALSE,
          "caseFirst",
          new BsonString("off"),
          "strength",
          new BsonInt64(3),
          "numericOrdering",
          BsonBoolean.FALSE,
          "alternate",
          new BsonString("non-ignorable"),
          "maxVariable",
          new BsonString("punct"),
          "normalization",
          BsonBoolean.FALSE,
          "backwards",
          BsonBoolean.FALSE);
  private static final Map<String, Map<String, BsonValue>> LOCALE_DEFAULTS =
      Map.of(
          "da", Map.of("caseFirst", new BsonString("upper")),
          "mt", Map.of("caseFirst", new BsonString("upper")),
          "fr_CA", Map.of("backwards", BsonBoolean.TRUE),
          "th", Map.of("alternate", new BsonString("shifted")));

  private static final BsonInt64 ONE = new BsonInt64(1);

  /// @param inherited the collation of the collection, for an index without its own
  static MongoIndexDefinition of(
      BsonDocument keys, BsonDocument options, @Nullable BsonDocument inherited) {
    boolean ownCollation = options.containsKey("collation");
    BsonDocument collation = ownCollation ? options.getDocument("collation") : inherited;
    return normal(keys, options, collation);
  }

  /// The definition in an entry of `listIndexes`.
  static MongoIndexDefinition listed(BsonDocument index) {
    return normal(
        index.getDocument("key"), index, index.getDocument("collation", new BsonDocument()));
  }

  private static MongoIndexDefinition normal(
      BsonDocument keys, BsonDocument options, @Nullable BsonDocument collation) {
    SortedMap<String, BsonValue> weights = weights(keys, options);
    BsonDocument plain = new BsonDocument();
    for (String option : SWITCHES) {
      if (isOn(options.get(option))) {
        plain.put(option, BsonBoolean.TRUE);
      }
    }
    keep(options, "expireAfterSeconds", plain);
    keep(options, "partialFilterExpression", plain);
    BsonDocument language = collation == null ? null : collation(collation);
    if (language != null) {
      plain.put("collation", language);
    }
    BsonDocument uneven = new BsonDocument();
    weights.forEach((field, weight) -> {
      if (!weight.equals(ONE)) {
        uneven.put(field, weight);
      }
    });
    if (!uneven.isEmpty()) {
      plain.put("weights", uneven);
    }
    if (!weights.isEmpty()) {
      keepUnless(TEXT_DEFAULTS, options, plain);
    }
    if (keys.containsValue(new BsonString("2d"))) {
      keepUnless(FLAT_DEFAULTS, options, plain);
    }
    keep(options, "wildcardProjection", plain);
    VERSIONS.forEach(option -> keep(options, option, plain));
    return new MongoIndexDefinition(plainKeys(keys, weights), plain);
  }

  /// Every field of a text index; empty for others.
  private static SortedMap<String, BsonValue> weights(BsonDocument keys, BsonDocument options) {
    SortedMap<String, BsonValue> weights = new TreeMap<>();
    keys.forEach((field, kind) -> {
      if (isText(kind) && !field.equals("_fts")) {
        weights.put(field, ONE);
      }
    });
    if (options.isDocument("weights")) {
      options.getDocument("weights").forEach((field, weight) -> weights.put(field, plain(weight)));
    }
    return weights;
  }

  /// A server reports `_fts: "text", _ftsx: 1` in place of the text fields. These are sorted by
  /// name, because their order has no meaning.
  private static BsonDocument plainKeys(BsonDocument keys, SortedMap<String, BsonValue> weights) {
    BsonDocument plain = new BsonDocument();
    boolean textSeen = false;
    for (Map.Entry<String, BsonValue> key : keys.entrySet()) {
      if (isText(key.getValue())) {
        if (!textSeen) {
          weights.keySet().forEach(field -> plain.put(field, new BsonString("text")));
        }
        textSeen = true;
      } else if (!(textSeen && key.getKey().equals("_ftsx"))) {
        BsonValue direction = key.getValue();
        plain.put(
            key.getKey(),
            direction instanceof BsonNumber number
                ? new BsonInt32(number.doubleValue() < 0 ? -1 : 1)
                : direction);
      }
    }
    return plain;
  }

  /// `null` for the simple collation, which a server reports as no collation.
  private static @Nullable BsonDocument collation(BsonDocument collation) {
    String locale = collation.getString("locale", new BsonString("simple")).getValue();
    if (locale.equals("simple")) {
      return null;
    }
    Map<String, BsonValue> own = LOCALE_DEFAULTS.getOrDefault(locale, Map.of());
    BsonDocument plain = new BsonDocument("locale", new BsonString(locale));
    COLLATION_DEFAULTS.forEach((field, general) -> {
      BsonValue value = plain(collation.get(field, own.getOrDefault(field, general)));
      if (!value.equals(own.getOrDefault(field, general))) {
        plain.put(field, value);
      }
    });
    return plain;
  }

  private static void keep(BsonDocument options, String option, BsonDocument plain) {
    if (options.containsKey(option)) {
      plain.put(option, plain(options.get(option)));
    }
  }

  private static void keepUnless(
      Map<String, BsonValue> defaults, BsonDocument options, BsonDocument plain) {
    defaults.forEach((option, value) -> {
      if (!value.equals(plain(options.get(option, value)))) {
        keep(options, option, plain);
      }
    });
  }

  private static boolean isText(BsonValue kind) {
    return kind.isString() && kind.asString().getValue().equals("text");
  }

  private static boolean isOn(@Nullable BsonValue value) {
    return switch (value) {
      case BsonBoolean on -> on.getValue();
      case BsonNumber number -> number.doubleValue() != 0;
      case null, default -> false;
    };
  }

  /// Treats 1, 1.0 and NumberLong(1) as the same number.
  private static BsonValue plain(BsonValue value) {
    return switch (value) {
      case BsonNumber number when number.doubleValue() == number.longValue() ->
          new BsonInt64(number.longValue());
      case BsonDocument document -> {
        BsonDocument plain = new BsonDocument();
        document.forEach((field, element) -> plain.put(field, plain(element)));
        yield plain;
      }
      case BsonArray array -> {
        List<BsonValue> plain = new ArrayList<>();
        array.forEach(element -> plain.add(plain(element)));
        yield new BsonArray(plain);
      }
      default -> value;
    };
  }

  /// Whether this is the index on `_id`, which every collection has.
  boolean isOnId() {
    return keys.equals(new BsonDocument("_id", new BsonInt32(1)));
  }

  /// `reported` without the options that the server added and this definition does not set.
  MongoIndexDefinition comparable(MongoIndexDefinition reported) {
    BsonDocument comparable = reported.options.clone();
    for (String version : VERSIONS) {
      if (!options.containsKey(version)) {
        comparable.remove(version);
      }
    }
    // Some locales turn it on by themselves, and not the same ones in every version.
    if (comparable.isDocument("collation")
        && !options.getDocument("collation", new BsonDocument()).containsKey("normalization")) {
      comparable.getDocument("collation").remove("normalization");
    }
    return new MongoIndexDefinition(reported.keys, comparable);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    // Two documents are equal in any order of their fields, and the order of keys matters.
    return other instanceof MongoIndexDefinition that
        && List.copyOf(keys.entrySet()).equals(List.copyOf(that.keys.entrySet()))
        && options.equals(that.options);
  }

  @Override
  public int hashCode() {
    return keys.hashCode() * 31 + options.hashCode();
  }

  /// The definition as a file declares it, in one line.
  @Override
  public String toString() {
    return new BsonDocument("keys", keys).append("options", options).toJson();
  }
}
