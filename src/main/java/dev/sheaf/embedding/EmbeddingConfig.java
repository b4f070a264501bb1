package dev.sheaf.embedding;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;

/// The default embedding model.
@ConfigMapping(prefix = "sheaf.embedding")
interface EmbeddingConfig {

  /// The model of collections that are created without one. `none` if there is no such model.
  @WithDefault("bge-small-en-v1.5")
  String model();
}
