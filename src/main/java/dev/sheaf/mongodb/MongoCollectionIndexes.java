package dev.sheaf.mongodb;

import java.util.List;

/// A declared collection and its indexes, in the order of the files.
///
/// @param file the first file that declares it
record MongoCollectionIndexes(String file, String name, List<MongoIndex> indexes) {

  MongoCollectionIndexes {
    indexes = List.copyOf(indexes);
  }
}
