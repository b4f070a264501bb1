package dev.sheaf.embedding.bundled;

import dev.sheaf.embedding.EmbeddingModel;
import dev.sheaf.embedding.EmbeddingProvider;
import io.quarkus.runtime.ImageMode;
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

  /// Empty in a native executable, because ONNX Runtime's Java API needs a JVM. There,
  /// `sheaf.embedding.model` must name a model on a server, otherwise the start fails.
  @Override
  public List<EmbeddingModel> models() {
    return ImageMode.current().isNativeImage() ? List.of() : List.of(model);
  }

  @PreDestroy
  void close() {
    model.close();
  }
}
