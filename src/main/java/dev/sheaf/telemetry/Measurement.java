package dev.sheaf.telemetry;

import java.sql.Connection;
import java.sql.SQLException;

/// Reads values for metrics from the database. Every replica reports the same values.
/// [Measurements] calls all beans of this type every `sheaf.metrics.every`.
public interface Measurement {

  /// Reads the values.
  ///
  /// @throws SQLException if a query fails; [#forget] is called then
  void measure(Connection connection) throws SQLException;

  /// Removes the values until the next successful measurement. A missing value is better than an
  /// old one.
  void forget();
}
