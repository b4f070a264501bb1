package dev.sheaf.document;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;

/// How long a chunk is.
@ConfigMapping(prefix = "sheaf.chunking")
interface ChunkerConfig {

  /// The most tokens of a chunk, and never more than the model reads. A paragraph or two: shorter
  /// chunks lose their context, longer ones blur several topics into one vector.
  @WithDefault("256")
  int maxTokens();

  /// The most tokens that a chunk repeats of the one before, so that a thought cut in two is found.
  @WithDefault("32")
  int overlapTokens();
}
