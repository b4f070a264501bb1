package dev.sheaf.embedding;

import java.util.List;

/// Provides embedding models. A provider is a CDI bean in its own package; [EmbeddingModels]
/// discovers it.
public interface EmbeddingProvider {

  /// The name of the provider, such as `bundled`.
  String name();

  /// Its models; the list does not change while the service runs. Must not wait for a model to be
  /// loaded.
  List<EmbeddingModel> models();
}
