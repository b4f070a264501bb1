package dev.sheaf.mongodb;

import static org.assertj.core.api.Assertions.assertThat;

import org.bson.BsonDocument;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What servers of MongoDB report, by its manual, for what a file asks for.
class MongoIndexDefinitionTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          # The types of numbers, the version, and switches that are off.
          {a: 1, b: -1} | {} | {v: 2, key: {a: 1.0, b: {$numberLong: "-1"}}, name: "i", ns: "d.c", sparse: false, background: true}
          {a: 1} | {unique: true, expireAfterSeconds: 60} | {v: 2, key: {a: 1}, name: "i", unique: true, expireAfterSeconds: {$numberLong: "60"}}
          {a: 1} | {partialFilterExpression: {n: {$gt: 5}}} | {v: 2, key: {a: 1}, name: "i", partialFilterExpression: {n: {$gt: 5.0}}}
          # Text: its fields are in the weights alone.
          {title: "text", body: "text"} | {weights: {title: 10}} | {v: 2, key: {_fts: "text", _ftsx: 1}, name: "i", weights: {body: 1, title: 10}, default_language: "english", language_override: "language", textIndexVersion: 3}
          {tenant: 1, body: "text", at: -1} | {default_language: "german"} | {v: 2, key: {tenant: 1, _fts: "text", _ftsx: 1, at: -1}, name: "i", weights: {body: 1}, default_language: "german", language_override: "language", textIndexVersion: 3}
          {"$**": "text"} | {} | {v: 2, key: {_fts: "text", _ftsx: 1}, name: "i", weights: {"$**": 1}, default_language: "english", language_override: "language", textIndexVersion: 3}
          # Collations come back complete.
          {a: 1} | {collation: {locale: "en", strength: 2}} | {v: 2, key: {a: 1}, name: "i", collation: {locale: "en", caseLevel: false, caseFirst: "off", strength: 2, numericOrdering: false, alternate: "non-ignorable", maxVariable: "punct", normalization: false, backwards: false, version: "57.1"}}
          {a: 1} | {collation: {locale: "fr_CA"}} | {v: 2, key: {a: 1}, name: "i", collation: {locale: "fr_CA", caseLevel: false, caseFirst: "off", strength: 3, numericOrdering: false, alternate: "non-ignorable", maxVariable: "punct", normalization: false, backwards: true, version: "57.1"}}
          {a: 1} | {collation: {locale: "vi"}} | {v: 2, key: {a: 1}, name: "i", collation: {locale: "vi", normalization: true, version: "57.1"}}
          {a: 1} | {collation: {locale: "simple"}} | {v: 2, key: {a: 1}, name: "i"}
          # Geometry.
          {at: "2dsphere"} | {} | {v: 2, key: {at: "2dsphere"}, name: "i", "2dsphereIndexVersion": 3}
          {at: "2d"} | {} | {v: 2, key: {at: "2d"}, name: "i", bits: 26, min: -180.0, max: 180.0}
          """)
  void takesWhatServersAddForTheSame(String keys, String options, String listed) {
    MongoIndexDefinition should =
        MongoIndexDefinition.of(BsonDocument.parse(keys), BsonDocument.parse(options), null);
    MongoIndexDefinition is = MongoIndexDefinition.listed(BsonDocument.parse(listed));

    assertThat(should.comparable(is)).isEqualTo(should);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {a: 1, b: 1} | {} | {key: {b: 1, a: 1}}
          {a: 1} | {} | {key: {a: -1}}
          {a: 1} | {} | {key: {a: "hashed"}}
          {a: 1} | {} | {key: {a: 1}, unique: true}
          {a: 1} | {} | {key: {a: 1}, hidden: true}
          {a: 1} | {sparse: true} | {key: {a: 1}}
          {a: 1} | {expireAfterSeconds: 0} | {key: {a: 1}}
          {a: 1} | {expireAfterSeconds: 60} | {key: {a: 1}, expireAfterSeconds: 61}
          {a: 1} | {partialFilterExpression: {n: 1}} | {key: {a: 1}, partialFilterExpression: {n: "1"}}
          {a: 1} | {collation: {locale: "en"}} | {key: {a: 1}}
          {a: 1} | {collation: {locale: "en"}} | {key: {a: 1}, collation: {locale: "en", strength: 1}}
          {a: 1} | {collation: {locale: "fr_CA", backwards: false}} | {key: {a: 1}, collation: {locale: "fr_CA", backwards: true}}
          {a: "text"} | {} | {key: {_fts: "text", _ftsx: 1}, weights: {a: 2}}
          {a: "text"} | {} | {key: {_fts: "text", _ftsx: 1}, weights: {a: 1, b: 1}}
          {a: "text"} | {} | {key: {_fts: "text", _ftsx: 1}, weights: {a: 1}, default_language: "none"}
          {a: "text"} | {textIndexVersion: 3} | {key: {_fts: "text", _ftsx: 1}, weights: {a: 1}, textIndexVersion: 2}
          {a: "2d"} | {bits: 20} | {key: {a: "2d"}, bits: 26}
          """)
  void seesWhatIsDifferent(String keys, String options, String listed) {
    MongoIndexDefinition should =
        MongoIndexDefinition.of(BsonDocument.parse(keys), BsonDocument.parse(options), null);
    MongoIndexDefinition is = MongoIndexDefinition.listed(BsonDocument.parse(listed));

    assertThat(should.comparable(is)).isNotEqualTo(should);
  }

  @Test
  void inheritsTheCollationOfItsCollection() {
    BsonDocument german = BsonDocument.parse("{locale: 'de', strength: 1, version: '57.1'}");
    BsonDocument keys = BsonDocument.parse("{a: 1}");

    assertThat(MongoIndexDefinition.of(keys, new BsonDocument(), german))
        .hasToString(
            "{\"keys\": {\"a\": 1}, \"options\": {\"collation\": {\"locale\": \"de\", \"strength\": 1}}}");
    assertThat(
            MongoIndexDefinition.of(
                keys, BsonDocument.parse("{collation: {locale: 'simple'}}"), german))
        .hasToString("{\"keys\": {\"a\": 1}, \"options\": {}}");
  }

  @Test
  void showsAServersIndexAsAFileWould() {
    BsonDocument listed =
        BsonDocument.parse(
            "{v: 2, key: {tenant: 1, _fts: 'text', _ftsx: 1}, name: 'i', weights: {body: 1, title: 10}, "
                + "default_language: 'english', language_override: 'language', textIndexVersion: 3}");

    assertThat(MongoIndexDefinition.listed(listed))
        .hasToString(
            "{\"keys\": {\"tenant\": 1, \"body\": \"text\", \"title\": \"text\"},"
                + " \"options\": {\"weights\": {\"title\": 10}, \"textIndexVersion\": 3}}");
  }
}
