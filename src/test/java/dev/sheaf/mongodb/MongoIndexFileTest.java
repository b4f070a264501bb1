package dev.sheaf.mongodb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sheaf.runtime.OperatorException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MongoIndexFileTest {

  private static final String PATH = "db/mongodb/core/indexes.json";

  @Test
  void readsWhatIsWritten() {
    List<MongoCollectionIndexes> collections =
        MongoIndexFile.parse(
            PATH,
            """
            {
              "collections": [
                {
                  "name": "orders",
                  "indexes": [
                    {
                      "keys": {"customer": 1, "placed.at": -1},
                      "options": {
                        "name": "orders_customer",
                        "unique": true,
                        "partialFilterExpression": {"placed.at": {"$gt": {"$date": "2026-01-01T00:00:00Z"}}}
                      }
                    },
                    {"keys": {"$**": 1}, "options": {"name": "orders_all"}}
                  ]
                },
                {"name": "empty", "indexes": []}
              ]
            }
            """);

    assertThat(collections)
        .extracting(MongoCollectionIndexes::name)
        .containsExactly("orders", "empty");
    assertThat(collections.getFirst().indexes())
        .extracting(index -> index.specification().toJson())
        .containsExactly(
            "{\"key\": {\"customer\": 1, \"placed.at\": -1}, \"name\": \"orders_customer\","
                + " \"unique\": true, \"partialFilterExpression\":"
                + " {\"placed.at\": {\"$gt\": {\"$date\": \"2026-01-01T00:00:00Z\"}}}}",
            "{\"key\": {\"$**\": 1}, \"name\": \"orders_all\"}");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          ``                                          | ` is no object - it has "collections"`
          []                                          | ` is no object - it has "collections"`
          {}                                          | `: no "collections" - give an array, [] for none`
          {"collections": {}}                         | `: no "collections" - give an array, [] for none`
          {"collections": [], "version": 1}           | `: unknown field "version" - there are: collections`
          {"collections": [1]}                        | `: collection 1 is no object - it has "name" and "indexes"`
          {"collections": [{"indexes": []}]}          | `: collection 1: no "name" - it has to be a string`
          {"collections": [{"name": 7}]}              | `: collection 1: no "name" - it has to be a string`
          {"collections": [{"name": "a"}]}            | `: collection a: no "indexes" - give an array, [] for none`
          {"collections": [{"name": "a", "index": 1}]} | `: collection 1: unknown field "index" - there are: name, indexes`
          {"collections": [{"name": "system.x", "indexes": []}]} | `: collection system.x: a collection cannot have this name - names have no $ or start with system.`
          {"collections": [{"name": "a", "indexes": []}, {"name": "a", "indexes": []}]} | `: collection a is there twice - put its indexes together`
          """)
  void refusesCollections(String json, String problem) {
    assertThatThrownBy(() -> MongoIndexFile.parse(PATH, json))
        .isInstanceOf(OperatorException.class)
        .hasMessage(PATH + problem);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          1                                                            | `1 is no object - it has "keys" and "options"`
          {"keys": {"a": 1}}                                           | `1: no "name" in its options - it has to be a string`
          {"keys": {"a": 1}, "options": {}}                            | `1: no "name" in its options - it has to be a string`
          {"keys": {"a": 1}, "options": {"name": ""}}                  | `1: no "name" in its options - it has to be a string`
          {"keys": {"a": 1}, "options": {"name": "i"}, "unique": true} | `1: unknown field "unique" - there are: keys, options`
          {"keys": {"a": 1}, "options": {"name": "_id_"}}              | `_id_: this name is MongoDB's own - give it another`
          {"options": {"name": "i"}}                                   | `i: no "keys" - an object of fields, each 1, -1 or a kind of index`
          {"keys": {}, "options": {"name": "i"}}                       | `i: no "keys" - an object of fields, each 1, -1 or a kind of index`
          {"keys": {"a": 2}, "options": {"name": "i"}}                 | `i: key "a" is 2 - it has to be 1, -1 or one of "text", "2dsphere", "2d", "hashed"`
          {"keys": {"a": "asc"}, "options": {"name": "i"}}             | `i: key "a" is "asc" - it has to be 1, -1 or one of "text", "2dsphere", "2d", "hashed"`
          {"keys": {"a": true}, "options": {"name": "i"}}              | `i: key "a" is true - it has to be 1, -1 or one of "text", "2dsphere", "2d", "hashed"`
          {"keys": {"a..b": 1}, "options": {"name": "i"}}              | `i: key "a..b" is no field - give a field, a path such as a.b, or $** for all`
          {"keys": {"$a": 1}, "options": {"name": "i"}}                | `i: key "$a" is no field - give a field, a path such as a.b, or $** for all`
          {"keys": {"_id": 1}, "options": {"name": "i"}}               | `i: every collection has an index on _id - remove this one`
          {"keys": {"a": 1}, "options": {"name": "i", "background": true}} | `i: unknown option "background" - remove it: servers since 4.2 know no other way`
          {"keys": {"a": 1}, "options": {"name": "i", "unique": 1}}    | `i: option "unique" is 1 - it has to be true or false`
          {"keys": {"a": 1}, "options": {"name": "i", "expireAfterSeconds": -1}} | `i: option "expireAfterSeconds" is -1 - it has to be a whole number, 0 or more`
          {"keys": {"a": 1, "b": 1}, "options": {"name": "i", "expireAfterSeconds": 9}} | `i: expireAfterSeconds with keys {"a":1,"b":1} - it needs one field that holds a date`
          {"keys": {"a": 1}, "options": {"name": "i", "collation": {}}} | `i: collation has no "locale" - it has to be a string`
          {"keys": {"a": "text"}, "options": {"name": "i", "weights": {"a": 0}}} | `i: weight of "a" is 0 - it has to be a whole number, 1 or more`
          {"keys": {"a": 1}, "options": {"name": "i", "weights": {"a": 1}}} | `i: weights without a text field - a key has to be "text"`
          {"keys": {"a": "text", "b": 1, "c": "text"}, "options": {"name": "i"}} | `i: its text fields are apart - put them beside each other`
          {"keys": {"a": 1}, "options": {"name": "i", "sparse": true, "partialFilterExpression": {}}} | `i: sparse and partialFilterExpression exclude each other - {"field": {"$exists": true}} in the filter says sparse`
          """)
  void refusesIndexes(String index, String problem) {
    String json = "{\"collections\": [{\"name\": \"orders\", \"indexes\": [" + index + "]}]}";

    assertThatThrownBy(() -> MongoIndexFile.parse(PATH, json))
        .isInstanceOf(OperatorException.class)
        .hasMessage(PATH + ": collection orders, index " + problem);
  }

  @Test
  void namesTheOptionsThereAre() {
    assertThatThrownBy(() ->
            MongoIndexFile.parse(
                PATH,
                """
                {"collections": [{"name": "orders", "indexes": [
                  {"keys": {"a": 1}, "options": {"name": "i", "uniqe": true}}]}]}
                """))
        .hasMessage(
            PATH
                + ": collection orders, index i: unknown option \"uniqe\" - there are:"
                + " 2dsphereIndexVersion, bits, collation, default_language, expireAfterSeconds,"
                + " hidden, language_override, max, min, name, partialFilterExpression, sparse,"
                + " textIndexVersion, unique, weights, wildcardProjection");
  }

  @Test
  void refusesANameTwice() {
    assertThatThrownBy(() ->
            MongoIndexFile.parse(
                PATH,
                """
                {"collections": [{"name": "orders", "indexes": [
                  {"keys": {"a": 1}, "options": {"name": "i"}},
                  {"keys": {"b": 1}, "options": {"name": "i"}}]}]}
                """))
        .hasMessage(
            PATH + ": collection orders, index i is there twice - give each a name of its own");
  }

  @Test
  void refusesAKeyTwice() {
    assertThatThrownBy(() ->
            MongoIndexFile.parse(
                PATH,
                """
                {"collections": [{"name": "orders", "indexes": [
                  {"keys": {"a": 1, "a": -1}, "options": {"name": "i"}}]}]}
                """))
        .hasMessage(PATH + ": line 2 is not JSON: Duplicate field 'a'");
  }

  @Test
  void refusesWhatIsNotJson() {
    assertThatThrownBy(() -> MongoIndexFile.parse(PATH, "{\n  \"collections\": [}\n"))
        .isInstanceOf(OperatorException.class)
        .hasMessageStartingWith(PATH + ": line 2 is not JSON: Unexpected close marker '}'");
  }

  @Test
  void refusesAnUnknownKindOfValue() {
    assertThatThrownBy(() ->
            MongoIndexFile.parse(
                PATH,
                """
                {"collections": [{"name": "orders", "indexes": [
                  {"keys": {"a": 1}, "options": {"name": "i",
                    "partialFilterExpression": {"a": {"$gt": {"$date": "soon"}}}}}]}]}
                """))
        .isInstanceOf(OperatorException.class)
        .hasMessageStartingWith(PATH + ": collection orders, index i: ")
        .hasMessageEndingWith("written as in MongoDB's Extended JSON");
  }
}
