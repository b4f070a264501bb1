package dev.sheaf.embedding.bundled;

import io.smallrye.config.ConfigMapping;
import java.util.OptionalInt;

/// Settings of the bundled model.
@ConfigMapping(prefix = "sheaf.embedding.bundled")
interface BundledConfig {

  /// How many texts are embedded concurrently, each by one thread. Default: the number of
  /// processors. Set fewer if a database runs on the same machine.
  OptionalInt threads();
}
