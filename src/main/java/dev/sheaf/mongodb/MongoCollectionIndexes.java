package dev.sheaf.mongodb;

import java.util.List;

/// A collection and the indexes it is to have, in the order in which files ask for them.
///
/// @param file the first that names it
record MongoCollectionIndexes(String file, String name, List<MongoIndex> indexes) {

  MongoCollectionIndexes {
    indexes = List.copyOf(indexes);
  }
}
