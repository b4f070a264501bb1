package dev.sheaf.search;

import io.quarkus.runtime.configuration.MemorySize;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/// The model that reranks the hits of searches, on another server.
@ConfigMapping(prefix = "sheaf.rerank")
interface RerankConfig {

  /// The base URL of the server, such as `http://localhost:8000/v1`. Requests go to `<url>/rerank`.
  /// Without it, searches cannot be reranked.
  Optional<URI> url();

  /// The server's name of the model. Required with a URL.
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

  /// The maximum number of texts in one request.
  @WithDefault("32")
  int batchSize();

  /// Longer texts are cut before they are sent.
  @WithDefault("8K")
  MemorySize maxText();

  /// Concurrent requests to the server.
  @WithDefault("4")
  int concurrency();

  /// The form of requests. Responses are understood in either form.
  enum Format {
    /// Cohere, Jina, vLLM and others.
    COHERE,
    /// Text Embeddings Inference.
    TEI
  }
}
