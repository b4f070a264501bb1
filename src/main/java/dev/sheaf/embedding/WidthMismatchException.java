package dev.sheaf.embedding;

/// A model has another number of dimensions than a space with the same model name: the configured
/// model is not the one that computed the vectors of the space.
public final class WidthMismatchException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  WidthMismatchException(EmbeddingModel model, Space space) {
    super(
        "The model "
            + model.name()
            + " has "
            + model.dimensions()
            + " dimensions, but embedding space "
            + space.id()
            + " has "
            + space.dimensions()
            + ". Configure the model that computed the vectors of this space, or create the"
            + " collection again.",
        null,
        false,
        false);
  }
}
