package dev.sheaf.embedding;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;

/// Which model embeds when a collection names none.
@ConfigMapping(prefix = "sheaf.embedding")
interface EmbeddingConfig {

  /// The name of the default model.
  @WithDefault("bge-small-en-v1.5")
  String model();
}
