package dev.sheaf.embedding.bundled;

import dev.sheaf.embedding.EmbeddingModel;
import dev.sheaf.embedding.EmbeddingProvider;
import jakarta.annotation.PreDestroy;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.util.List;

/// Provides [BgeSmall].
@ApplicationScoped
class BundledProvider implements EmbeddingProvider {

  private final BgeSmall model;

  @Inject
  BundledProvider(BundledConfig config) {
    this.model =
        new BgeSmall(config.threads().orElseGet(() -> Runtime.getRuntime().availableProcessors()));
  }

  @Override
  public String name() {
    return "bundled";
  }

  @Override
  public List<EmbeddingModel> models() {
    return List.of(model);
  }

  @PreDestroy
  void close() {
    model.close();
  }
}
