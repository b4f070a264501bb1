package dev.sheaf.search;

import java.time.Duration;
import java.util.List;
import java.util.function.DoubleConsumer;

/// A model that says how relevant texts are to a query. Thread-safe.
interface RerankModel extends AutoCloseable {

  /// The name of the model, for clients.
  String name();

  /// Loads what is needed before the first query.
  ///
  /// @throws dev.sheaf.runtime.OperatorException if the model cannot be used
  default void load() {}

  /// The bytes of memory that [#score] needs.
  ///
  /// @param bytes of the query and the texts
  long memory(long bytes);

  /// Scores texts in their order; a larger score is better.
  ///
  /// @param scores receives the score of each text
  /// @throws RerankException if not all texts have a score in time. Those that were received remain
  void score(String query, List<String> texts, Duration timeout, DoubleConsumer scores)
      throws RerankException;

  @Override
  void close();
}
