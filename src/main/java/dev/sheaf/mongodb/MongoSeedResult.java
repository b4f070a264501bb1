package dev.sheaf.mongodb;

import dev.sheaf.runtime.OperatorException;
import java.time.Duration;
import java.util.List;

/// What `seed` did.
///
/// @param created what was not there before, in order
/// @param unchanged how many collections and indexes were there already, as they should be
/// @param problems why it ended early; empty on success
/// @param notes what else a person may want to know
/// @param duration of the whole
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

  /// This result, if it is a success.
  ///
  /// @throws OperatorException the first problem
  public MongoSeedResult orThrow() {
    if (!success()) {
      throw problems.getFirst();
    }
    return this;
  }

  /// One collection or index.
  ///
  /// @param object `collection orders` or `index orders.orders_customer`
  public record Created(String object, Duration took) {}
}
