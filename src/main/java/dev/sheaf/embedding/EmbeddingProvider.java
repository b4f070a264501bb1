package dev.sheaf.embedding;

import java.util.List;

/// Where models come from. A provider is a CDI bean in a package of its own; the registry finds it.
public interface EmbeddingProvider {

  /// Its own name, e.g. `bundled`.
  String name();

  /// The models it has, fixed from start to stop. Must not wait for a model to be loaded.
  List<EmbeddingModel> models();
}
