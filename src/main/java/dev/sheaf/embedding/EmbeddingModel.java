package dev.sheaf.embedding;

import java.util.List;

/// A model that converts texts to vectors with a fixed number of dimensions.
///
/// Implementations are thread-safe: any number of threads, also virtual ones, may call any method
/// concurrently. The vector of a text depends only on the text and its purpose, never on other
/// texts that are embedded with it.
public interface EmbeddingModel {

  /// The name in the configuration, in the database and in requests, such as `bge-small-en-v1.5`.
  String name();

  /// The number of dimensions of its vectors. Available before the model is loaded.
  int dimensions();

  /// The maximum number of tokens of a text, without the model's special tokens. Available before
  /// the model is loaded.
  int maxTokens();

  /// The length of a text in the model's tokens, without special tokens. 0 if the text contains
  /// nothing that the model sees.
  ///
  /// Waits until the model is loaded.
  ///
  /// @throws EmbeddingException if the model could not be loaded
  int countTokens(String text);

  /// Whether it can embed texts at all. If not, clients send vectors, and tokens are not counted.
  default boolean embedsTexts() {
    return true;
  }

  /// Whether it knows the script in which most of the texts together are written. The vector of
  /// another text says little about it.
  default boolean knowsScriptOf(List<String> texts) {
    return true;
  }

  /// Embeds each text separately.
  ///
  /// A document with more than [#maxTokens()] tokens is rejected, because a search could not find
  /// the part that is cut off. A longer query is truncated. [TextValidator] rejects the text of a
  /// client before.
  ///
  /// Waits until the model is loaded, and for concurrent calls. Queries have priority over
  /// documents.
  ///
  /// @param texts any number of texts, in any language; may be empty
  /// @return one `float[dimensions]` of unit length for each text, in the same order; the caller
  ///   may modify them
  /// @throws IllegalArgumentException if a document has too many tokens, or the model's server
  ///   rejects it
  /// @throws EmbeddingException if the model could not be loaded, fails, or the calling thread is
  ///   interrupted (its interrupt flag is set then)
  List<float[]> embed(List<String> texts, Purpose purpose);

  /// Starts to load the model in the background, and returns immediately. Further calls do nothing.
  default void load() {}

  /// Whether the model is ready. Never waits.
  default State state() {
    return new State.Ready();
  }

  /// What a text is embedded for. Some models are trained to give the same text different vectors
  /// as a document and as a query.
  enum Purpose {
    /// A text that searches find.
    DOCUMENT,
    /// A text that a client searches for.
    QUERY
  }

  /// Whether a model is ready.
  sealed interface State {
    /// Calls wait.
    record Loading() implements State {}

    record Ready() implements State {}

    /// Calls throw. Only a restart of the service loads the model again.
    ///
    /// @param reason one line for the operator
    record Failed(String reason) implements State {}
  }
}
