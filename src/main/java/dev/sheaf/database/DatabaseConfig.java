package dev.sheaf.database;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;

/// How the database is used.
@ConfigMapping(prefix = "sheaf.database")
interface DatabaseConfig {

  /// How long it may say nothing to a statement before it is taken for gone. Searches have their
  /// own time, and what takes as long as it takes, such as building an index, has no end.
  @WithDefault("30s")
  Duration timeout();
}
