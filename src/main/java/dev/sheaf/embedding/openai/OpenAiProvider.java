package dev.sheaf.embedding.openai;

import dev.sheaf.embedding.EmbeddingModel;
import dev.sheaf.embedding.EmbeddingProvider;
import jakarta.annotation.PreDestroy;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.net.http.HttpClient;
import java.util.List;

/// Provides an [OpenAiModel] for each configured model.
@ApplicationScoped
class OpenAiProvider implements EmbeddingProvider {

  private final HttpClient http = HttpClient.newHttpClient();
  private final List<EmbeddingModel> models;

  @Inject
  OpenAiProvider(OpenAiConfig config) {
    models =
        config.models().entrySet().stream()
            .<EmbeddingModel>map(model -> new OpenAiModel(model.getKey(), model.getValue(), http))
            .toList();
  }

  @Override
  public String name() {
    return "openai";
  }

  @Override
  public List<EmbeddingModel> models() {
    return models;
  }

  @PreDestroy
  void close() {
    http.shutdownNow();
  }
}
