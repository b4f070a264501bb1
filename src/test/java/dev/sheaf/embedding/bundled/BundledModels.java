package dev.sheaf.embedding.bundled;

import dev.sheaf.embedding.EmbeddingModel;

/// Gives tests of other packages the real model without CDI.
public final class BundledModels {

  private static final BgeSmall BGE_SMALL =
      new BgeSmall(Runtime.getRuntime().availableProcessors());

  private BundledModels() {}

  /// One instance for all tests of a JVM, because loading takes a second.
  public static EmbeddingModel bgeSmall() {
    return BGE_SMALL;
  }
}
