package dev.sheaf.schema.mongodb;

import org.jspecify.annotations.Nullable;

/// One collection or index that is not what the files ask for.
///
/// @param kind how it differs
/// @param object `collection orders` or `index orders.orders_customer`
/// @param expected its definition by the files, in their form; `null` when they know no such index
/// @param actual its definition on the server, in the form of the files; `null` when it is not
///   there
public record MongoDifference(
    Kind kind, String object, @Nullable String expected, @Nullable String actual) {

  /// How an object differs.
  public enum Kind {
    /// A file asks for it, and it is not there.
    MISSING,
    /// It is there, and no file of any module knows it. It stays.
    EXTRA,
    /// It is there, and otherwise.
    CHANGED
  }
}
