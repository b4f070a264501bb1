package dev.sheaf.mongodb;

import dev.sheaf.runtime.OperatorException;
import java.time.Duration;
import java.util.List;

/// The result of `seed`.
///
/// @param created the created objects, in order
/// @param unchanged the number of collections and indexes that already existed as declared
/// @param problems the failures; empty on success
/// @param notes additional information
/// @param duration the total duration
public record MongoSeedResult(
    List<Created> created,
    int unchanged,
    List<OperatorException> problems,
    List<String> notes,
    Duration duration) {

  public MongoSeedResult {
    created = List.copyOf(created);
    problems = List.copyOf(problems);
    notes = List.copyOf(notes);
  }

  public boolean success() {
    return problems.isEmpty();
  }

  /// Returns this result if it is a success.
  ///
  /// @throws OperatorException the first problem, otherwise
  public MongoSeedResult orThrow() {
    if (!success()) {
      throw problems.getFirst();
    }
    return this;
  }

  /// A created collection or index.
  ///
  /// @param object `collection orders` or `index orders.orders_customer`
  public record Created(String object, Duration took) {}
}
