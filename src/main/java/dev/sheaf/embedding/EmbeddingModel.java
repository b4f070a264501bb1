package dev.sheaf.embedding;

import java.util.List;

/// A model that turns text into vectors of one fixed width.
///
/// Implementations are thread-safe: any number of threads, virtual ones included, may call any
/// method at once, and the vector of a text depends on the text and its role alone, never on what
/// else is embedded beside it.
public interface EmbeddingModel {

  /// The name it is configured, stored and asked for by, e.g. `bge-small-en-v1.5`.
  String name();

  /// The width of its vectors. Known without loading the model.
  int dimensions();

  /// How many tokens of a document's text it reads at once, its own special tokens not counted.
  /// Known without loading the model.
  int maxTokens();

  /// The length of a text in the model's own tokens, special tokens not counted. 0 when the model
  /// sees nothing in the text.
  ///
  /// Waits until the model is loaded.
  ///
  /// @throws EmbeddingException when the model could not be loaded
  int countTokens(String text);

  /// Embeds texts, each by itself.
  ///
  /// A document longer than [#maxTokens()] is refused, because what is cut off could never be
  /// found. A query longer than that is read as far as the model reads: a search still has an
  /// answer.
  ///
  /// Waits until the model is loaded, and while others are served; queries go before documents.
  ///
  /// @param texts any number of them, in any language; a list of none gives a list of none
  /// @return one `float[dimensions]` for each text, in the order of the texts, each of unit length
  ///   and the caller's to keep
  /// @throws IllegalArgumentException when a document is longer than the model reads, or refused
  ///   for what it is
  /// @throws EmbeddingException when the model could not be loaded, fails, or the calling thread is
  ///   interrupted (its interrupt flag is set then)
  List<float[]> embed(List<String> texts, Role role);

  /// Starts to load in the background what a first call would otherwise wait for, and returns at
  /// once. Calls after the first do nothing.
  default void load() {}

  /// Whether the model can answer now. Never waits.
  default State state() {
    return new State.Ready();
  }

  /// What a text is embedded for. Models that were trained to tell them apart give the same text
  /// different vectors.
  enum Role {
    /// The text is to be found.
    DOCUMENT,
    /// The text is what somebody searches for.
    QUERY
  }

  /// Whether a model can answer.
  sealed interface State {
    /// Not yet: calls wait.
    record Loading() implements State {}

    /// Yes.
    record Ready() implements State {}

    /// No, and it will not without a restart: calls throw.
    ///
    /// @param reason one line for the operator
    record Failed(String reason) implements State {}
  }
}
