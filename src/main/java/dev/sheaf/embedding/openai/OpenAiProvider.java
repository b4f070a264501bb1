package dev.sheaf.embedding.openai;

import dev.sheaf.embedding.EmbeddingModel;
import dev.sheaf.embedding.EmbeddingProvider;
import jakarta.annotation.PreDestroy;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.net.http.HttpClient;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Provides an [OpenAiModel] for each configured model.
@ApplicationScoped
class OpenAiProvider implements EmbeddingProvider {

  /// `null` without models: it takes a twentieth of the start.
  private final @Nullable HttpClient http;

  private final List<EmbeddingModel> models;

  @Inject
  OpenAiProvider(OpenAiConfig config) {
    if (config.models().isEmpty()) {
      http = null;
      models = List.of();
      return;
    }
    HttpClient client = HttpClient.newHttpClient();
    http = client;
    models =
        config.models().entrySet().stream()
            .<EmbeddingModel>map(model -> new OpenAiModel(model.getKey(), model.getValue(), client))
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
    if (http != null) {
      http.shutdownNow();
    }
  }
}
