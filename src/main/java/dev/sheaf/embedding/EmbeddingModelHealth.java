package dev.sheaf.embedding;

import jakarta.enterprise.context.ApplicationScoped;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Readiness;

/// Down when the default model cannot be used. One that is still being loaded is not waited for: it
/// takes a second, what needs it waits, and all else can be answered.
@Readiness
@ApplicationScoped
class EmbeddingModelHealth implements HealthCheck {

  private final EmbeddingModels models;

  EmbeddingModelHealth(EmbeddingModels models) {
    this.models = models;
  }

  @Override
  public HealthCheckResponse call() {
    EmbeddingModel model = models.defaultModel();
    var response = HealthCheckResponse.named("embedding-model").withData("model", model.name());
    return switch (model.state()) {
      case EmbeddingModel.State.Ready ready -> response.up().build();
      case EmbeddingModel.State.Loading loading ->
          response.up().withData("state", "loading").build();
      case EmbeddingModel.State.Failed failed ->
          response.down().withData("state", failed.reason()).build();
    };
  }
}
