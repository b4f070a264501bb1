package dev.sheaf.embedding;

import jakarta.enterprise.context.ApplicationScoped;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Readiness;

/// Reports DOWN if the default model could not be loaded. While it is loading, this reports UP,
/// because loading takes about a second, requests that need the model wait, and all other requests
/// work.
@Readiness
@ApplicationScoped
class EmbeddingModelHealth implements HealthCheck {

  private static final String NAME = "embedding-model";

  private final EmbeddingModels models;

  EmbeddingModelHealth(EmbeddingModels models) {
    this.models = models;
  }

  @Override
  public HealthCheckResponse call() {
    if (!models.hasDefault()) {
      return HealthCheckResponse.named(NAME)
          .withData("model", ClientVectors.NAME)
          .withData("state", "no default model: a new collection must name its model")
          .up()
          .build();
    }
    EmbeddingModel model = models.defaultModel();
    var response = HealthCheckResponse.named(NAME).withData("model", model.name());
    return switch (model.state()) {
      case EmbeddingModel.State.Ready ready -> response.up().build();
      case EmbeddingModel.State.Loading loading ->
          response.up().withData("state", "loading").build();
      case EmbeddingModel.State.Failed failed ->
          response.down().withData("state", failed.reason()).build();
    };
  }
}
