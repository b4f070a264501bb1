package dev.sheaf.mongodb;

import org.bson.BsonDocument;
import org.bson.BsonString;
import org.jspecify.annotations.Nullable;

/// One index that a file asks for, as it is written there.
///
/// @param file which
/// @param name unique in its collection
/// @param keys what is indexed, in order
/// @param options all others but the name
record MongoIndex(String file, String name, BsonDocument keys, BsonDocument options) {

  /// What the command `createIndexes` takes.
  BsonDocument specification() {
    BsonDocument specification = new BsonDocument("key", keys).append("name", new BsonString(name));
    specification.putAll(options);
    return specification;
  }

  /// What a server makes of it.
  ///
  /// @param inherited the collation of the collection, which indexes have unless they name another
  MongoIndexDefinition definition(@Nullable BsonDocument inherited) {
    return MongoIndexDefinition.of(keys, options, inherited);
  }
}
