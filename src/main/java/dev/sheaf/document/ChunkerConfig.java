package dev.sheaf.document;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;

/// How documents are split into chunks.
@ConfigMapping(prefix = "sheaf.chunking")
interface ChunkerConfig {

  /// The maximum number of tokens of a chunk, limited by the model's maximum. The default is one or
  /// two paragraphs: shorter chunks lose their context, longer ones mix several topics in one
  /// vector.
  @WithDefault("256")
  int maxTokens();

  /// The maximum number of tokens that a chunk repeats of the previous one, so that a search finds
  /// a passage that is split between two chunks.
  @WithDefault("32")
  int overlapTokens();
}
