package dev.sheaf.embedding;

/// A model and a space that were made for vectors of different widths: the model of that name is
/// not the one that filled the space.
public final class WidthMismatchException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  WidthMismatchException(EmbeddingModel model, Space space) {
    super(
        "the model "
            + model.name()
            + " has "
            + model.dimensions()
            + " dimensions, but embedding space "
            + space.id()
            + " was made for "
            + space.dimensions()
            + "; configure the model that filled it, or embed its collection anew",
        null,
        false,
        false);
  }
}
