package dev.sheaf.embedding;

import dev.sheaf.http.Input;
import dev.sheaf.problem.Problem;
import dev.sheaf.runtime.OperatorException;
import dev.sheaf.runtime.StartupFailure;
import dev.sheaf.telemetry.Spans;
import io.quarkus.arc.All;
import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Inject;
import jakarta.interceptor.Interceptor;
import java.util.List;
import java.util.Optional;
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

  /// @throws IllegalStateException if two providers have a model of the same name
  EmbeddingModels(List<EmbeddingProvider> providers, String defaultName) {
    this.models = new TreeMap<>();
    this.defaultName = defaultName;
    for (EmbeddingProvider provider : providers) {
      for (EmbeddingModel model : provider.models()) {
        if (model.name().equals(ClientVectors.NAME)) {
          throw new IllegalStateException(
              "The embedding provider %s has a model named \"none\", which is reserved. Rename it"
                  .formatted(provider.name()));
        }
        if (models.putIfAbsent(model.name(), model) != null) {
          throw new IllegalStateException(
              "Two providers have an embedding model named \"%s\". One of them is %s. Rename one model"
                  .formatted(model.name(), provider.name()));
        }
      }
    }
  }

  /// Finds a model by its name.
  ///
  /// @throws UnknownEmbeddingModelException if no provider has a model of this name
  public EmbeddingModel byName(String name) {
    EmbeddingModel model = models.get(name);
    if (model == null) {
      throw new UnknownEmbeddingModelException(name, List.copyOf(models.keySet()));
    }
    return model;
  }

  /// The model of this name; empty if no provider has one.
  Optional<EmbeddingModel> find(String name) {
    return Optional.ofNullable(models.get(name));
  }

  /// The message that there is no model of this name.
  String notFound(String name) {
    return "There is no model named %s. The models are %s."
        .formatted(name, String.join(", ", models.keySet()));
  }

  /// Whether there is a model for collections that name none.
  boolean hasDefault() {
    return !defaultName.equals(ClientVectors.NAME);
  }

  /// The model that `sheaf.embedding.model` configures.
  ///
  /// @throws Problem if that is `none`
  public EmbeddingModel defaultModel() {
    if (!hasDefault()) {
      throw Problem.field(
          "model",
          "This service has no default model, because sheaf.embedding.model is none. Name one of %s."
              .formatted(String.join(", ", models.keySet())));
    }
    return byName(defaultName);
  }

  /// The model for a new collection.
  ///
  /// @param name `null` for the default model; `none` if the client computes the vectors
  /// @param dimensions the number of dimensions; required for `none`, otherwise `null` or equal to
  ///   that of the model
  /// @throws Problem if there is no such model, or it has another number of dimensions
  public EmbeddingModel of(@Nullable String name, @Nullable Integer dimensions) {
    if (name == null && !hasDefault()) {
      throw Problem.field(
          "model",
          "This service has no default model, because sheaf.embedding.model is none. Name one of %s, or none and the number of dimensions of your vectors."
              .formatted(String.join(", ", models.keySet())));
    }
    if (ClientVectors.NAME.equals(name)) {
      return new ClientVectors(
          Input.range(
              "dimensions", Input.required("dimensions", dimensions), 1, Space.MAX_DIMENSIONS, 0));
    }
    EmbeddingModel model = name == null ? defaultModel() : models.get(name);
    if (model == null) {
      throw Problem.field(
          "model",
          "There is no model named %s. The models are %s and none."
              .formatted(name, String.join(", ", models.keySet())));
    }
    if (dimensions != null && dimensions != model.dimensions()) {
      throw Problem.wrongDimensions(dimensions, model.name(), model.dimensions());
    }
    return model;
  }

  /// All models, sorted by name.
  public List<EmbeddingModel> all() {
    return List.copyOf(models.values());
  }

  /// The model that computes the vectors of a space, for documents and for queries.
  ///
  /// @throws WidthMismatchException if the model has another number of dimensions than the space
  /// @throws UnknownEmbeddingModelException if no provider has the space's model
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

  /// Why a space has no model; empty if it has one.
  ///
  /// @throws WidthMismatchException if its model has another number of dimensions
  public Optional<String> missing(Space space) {
    try {
      forSpace(space);
      return Optional.empty();
    } catch (UnknownEmbeddingModelException e) {
      return Optional.of(String.valueOf(e.getMessage()));
    }
  }

  /// An unknown name of the default model fails the start, before the schema is migrated.
  void check(@Observes @Priority(Interceptor.Priority.PLATFORM_BEFORE - 1) StartupEvent event) {
    StartupFailure.exitIfFails("embedding", this::check);
  }

  /// @throws OperatorException if no provider has the default model
  void check() {
    if (hasDefault() && !models.containsKey(defaultName)) {
      throw new OperatorException(
          "sheaf.embedding.model is %s, and there is no such model".formatted(defaultName),
          "name one of %s; or none, if every collection names its model or its clients send vectors"
              .formatted(String.join(", ", models.keySet())));
    }
  }

  /// Loads the default model in the background. Other models are loaded when they are first used.
  ///
  /// Runs after all start-up checks, so that a failed start does not wait for the model.
  void onStart(@Observes @Priority(Interceptor.Priority.LIBRARY_AFTER) StartupEvent event) {
    if (hasDefault()) {
      defaultModel().load();
    }
  }
}
