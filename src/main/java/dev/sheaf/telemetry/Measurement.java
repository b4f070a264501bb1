package dev.sheaf.telemetry;

import java.sql.Connection;
import java.sql.SQLException;

/// Something that the database knows, and every replica says alike. Beans of this type are asked
/// every `sheaf.metrics.every`.
public interface Measurement {

  /// Measures.
  ///
  /// @throws SQLException when it cannot be; [#forget] is called then
  void measure(Connection connection) throws SQLException;

  /// Says nothing until it can be measured again: no answer is better than an old one.
  void forget();
}
