package dev.sheaf.document;

import dev.sheaf.embedding.EmbeddingModel;
import dev.sheaf.embedding.EmbeddingModels;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Inject;

/// Creates the chunker for each model, with the configured lengths.
@ApplicationScoped
public class Chunkers {

  private final int maxTokens;
  private final int overlapTokens;

  @Inject
  Chunkers(ChunkerConfig config) {
    this(config.maxTokens(), config.overlapTokens());
  }

  Chunkers(int maxTokens, int overlapTokens) {
    this.maxTokens = maxTokens;
    this.overlapTokens = overlapTokens;
  }

  /// The chunker for a model. Does not wait for the model to be loaded.
  ///
  /// @throws IllegalStateException if the configured lengths are not valid for the model
  public Chunker forModel(EmbeddingModel model) {
    int effective = Math.min(maxTokens, model.maxTokens());
    if (maxTokens < Chunker.LEAST_MAX_TOKENS) {
      throw new IllegalStateException(
          "sheaf.chunking.max-tokens must be at least %s, but is %s"
              .formatted(Chunker.LEAST_MAX_TOKENS, maxTokens));
    }
    if (overlapTokens < 0 || overlapTokens >= effective) {
      throw new IllegalStateException(
          "sheaf.chunking.overlap-tokens must be from 0 to %s, less than the length of a chunk for the model %s, but is %s"
              .formatted(effective - 1, model.name(), overlapTokens));
    }
    return new Chunker(model, effective, overlapTokens);
  }

  /// Fails the start if a configured length is not valid.
  void onStart(@Observes StartupEvent event, EmbeddingModels models) {
    models.all().forEach(this::forModel);
  }
}
