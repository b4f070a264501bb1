package dev.sheaf.database;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;

/// Settings of the database connection.
@ConfigMapping(prefix = "sheaf.database")
interface DatabaseConfig {

  /// The network timeout: how long a statement may run without a response before the connection is
  /// closed. Searches have their own timeout; long statements such as index builds have none.
  @WithDefault("30s")
  Duration timeout();
}
