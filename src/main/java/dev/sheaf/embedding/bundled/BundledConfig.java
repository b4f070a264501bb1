package dev.sheaf.embedding.bundled;

import io.smallrye.config.ConfigMapping;
import java.util.OptionalInt;

/// How much of the machine the bundled model may use.
@ConfigMapping(prefix = "sheaf.embedding.bundled")
interface BundledConfig {

  /// How many texts are embedded at once, each by one thread. As many as there are processors
  /// unless set; fewer leave room for a database on the same machine.
  OptionalInt threads();
}
