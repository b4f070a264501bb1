package dev.sheaf.search;

import io.quarkus.runtime.configuration.MemorySize;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;

/// The model that reranks the hits of searches: on another server, or from a directory in this
/// process.
@ConfigMapping(prefix = "sheaf.rerank")
interface RerankConfig {

  /// The base URL of the server, such as `http://localhost:8000/v1`. Requests go to `<url>/rerank`.
  /// Without it and a directory, searches cannot be reranked.
  Optional<URI> url();

  /// A directory with a cross-encoder: `model.onnx` or `onnx/model.onnx`, and `tokenizer.json`. Not
  /// together with a URL.
  Optional<Path> directory();

  /// The server's name of the model, required with a URL; or how clients see the model of the
  /// directory, by default with the name of the directory.
  Optional<String> model();

  /// The form of requests.
  @WithDefault("cohere")
  Format format();

  /// The API key, sent as a bearer token.
  Optional<String> apiKey();

  /// A file with the API key.
  Optional<Path> apiKeyFile();

  /// The time in which the hits of a search are reranked. What is not done then is left out.
  @WithDefault("2s")
  Duration timeout();

  /// The maximum number of hits of a search that are reranked.
  @WithDefault("50")
  int maxHits();

  /// The maximum number of texts in one request or batch.
  @WithDefault("32")
  int batchSize();

  /// Longer texts are cut before they are sent.
  @WithDefault("8K")
  MemorySize maxText();

  /// Concurrent requests to the server, or batches of texts that the model of the directory has.
  @WithDefault("4")
  int concurrency();

  /// The maximum number of tokens of a query and a text together that the model of the directory
  /// reads. Longer ones are truncated.
  @WithDefault("512")
  int maxTokens();

  /// How many texts the model of the directory reads concurrently, each with one thread. Default:
  /// the number of processors.
  OptionalInt threads();

  /// The form of requests. Responses are understood in either form.
  enum Format {
    /// Cohere, Jina, vLLM and others.
    COHERE,
    /// Text Embeddings Inference.
    TEI
  }
}
