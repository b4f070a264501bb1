package dev.sheaf.embedding;

import dev.sheaf.http.Input;
import dev.sheaf.problem.Problem;
import dev.sheaf.telemetry.Spans;
import io.quarkus.arc.All;
import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Inject;
import jakarta.interceptor.Interceptor;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// All models of all providers, by name.
@ApplicationScoped
public class EmbeddingModels {

  private final SortedMap<String, EmbeddingModel> models;
  private final String defaultName;

  @Inject
  EmbeddingModels(@All List<EmbeddingProvider> providers, EmbeddingConfig config, Spans spans) {
    this(providers, config.model());
    models.replaceAll((_, model) -> TracedModel.of(model, spans));
  }

  /// @throws IllegalStateException when two providers have a model of the same name
  EmbeddingModels(List<EmbeddingProvider> providers, String defaultName) {
    this.models = new TreeMap<>();
    this.defaultName = defaultName;
    for (EmbeddingProvider provider : providers) {
      for (EmbeddingModel model : provider.models()) {
        if (model.name().equals(ClientVectors.NAME)) {
          throw new IllegalStateException(
              "\"none\" means no model; the provider %s needs another name for its model"
                  .formatted(provider.name()));
        }
        if (models.putIfAbsent(model.name(), model) != null) {
          throw new IllegalStateException(
              "Two providers have an embedding model named \"%s\"; one of them is %s"
                  .formatted(model.name(), provider.name()));
        }
      }
    }
  }

  /// The model of that name.
  ///
  /// @throws UnknownEmbeddingModelException when no provider has it; it names the ones there are
  public EmbeddingModel byName(String name) {
    EmbeddingModel model = models.get(name);
    if (model == null) {
      throw new UnknownEmbeddingModelException(name, List.copyOf(models.keySet()));
    }
    return model;
  }

  /// The model of a collection that names none: `sheaf.embedding.model`.
  public EmbeddingModel defaultModel() {
    return byName(defaultName);
  }

  /// The model of a collection to be.
  ///
  /// @param name `null` is the default; `none` is no model, the client sends vectors
  /// @param dimensions how wide its vectors are; needed for `none`, else `null` or what the model
  ///   has
  /// @throws Problem when there is no such model, or it is not as wide
  public EmbeddingModel of(@Nullable String name, @Nullable Integer dimensions) {
    if (ClientVectors.NAME.equals(name)) {
      return new ClientVectors(
          Input.range(
              "dimensions", Input.required("dimensions", dimensions), 1, Space.MAX_DIMENSIONS, 0));
    }
    EmbeddingModel model = name == null ? defaultModel() : models.get(name);
    if (model == null) {
      throw Problem.field(
          "model",
          "there is no model %s; there are %s, and none"
              .formatted(name, String.join(", ", models.keySet())));
    }
    if (dimensions != null && dimensions != model.dimensions()) {
      throw Problem.width("dimensions", dimensions, model.dimensions());
    }
    return model;
  }

  /// All models, sorted by name.
  public List<EmbeddingModel> all() {
    return List.copyOf(models.values());
  }

  /// The model that fills and queries a space.
  ///
  /// @throws WidthMismatchException when the model's vectors are not as wide as the space's
  /// @throws UnknownEmbeddingModelException when no provider has the space's model
  public EmbeddingModel forSpace(Space space) {
    if (space.model().equals(ClientVectors.NAME)) {
      return new ClientVectors(space.dimensions());
    }
    EmbeddingModel model = byName(space.model());
    if (model.dimensions() != space.dimensions()) {
      throw new WidthMismatchException(model, space);
    }
    return model;
  }

  /// A wrong name stops the service at start, not its first document. The default model is loaded
  /// meanwhile in the background; the others when they are first needed.
  ///
  /// After everything that may refuse the start: who is refused should not have to wait for a
  /// model.
  void onStart(@Observes @Priority(Interceptor.Priority.LIBRARY_AFTER) StartupEvent event) {
    defaultModel().load();
  }
}
