package dev.sheaf.mongodb;

import org.bson.BsonDocument;
import org.bson.BsonString;
import org.jspecify.annotations.Nullable;

/// An index as a file declares it.
///
/// @param file the file
/// @param name the name, unique in its collection
/// @param keys the keys, in order
/// @param options all other options
record MongoIndex(String file, String name, BsonDocument keys, BsonDocument options) {

  /// The index as an argument of the command `createIndexes`.
  BsonDocument specification() {
    BsonDocument specification = new BsonDocument("key", keys).append("name", new BsonString(name));
    specification.putAll(options);
    return specification;
  }

  /// The normal form of the definition.
  ///
  /// @param inherited the collation of the collection, for an index without its own
  MongoIndexDefinition definition(@Nullable BsonDocument inherited) {
    return MongoIndexDefinition.of(keys, options, inherited);
  }
}
