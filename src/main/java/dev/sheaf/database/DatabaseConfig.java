package dev.sheaf.database;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;

/// Settings of the database connection.
@ConfigMapping(prefix = "sheaf.database")
interface DatabaseConfig {

  /// How long a statement may run before the server ends it, and how long a transaction may pause.
  /// If the server is silent for five seconds more, the connection is closed. Searches have their
  /// own limit, and work that takes as long as it takes, such as building an index, has none.
  @WithDefault("30s")
  Duration timeout();

  /// How long a statement waits for a lock that another session holds.
  @WithDefault("10s")
  Duration lockTimeout();
}
