package dev.sheaf.embedding.openai;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import io.smallrye.config.WithParentName;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/// Models on servers with OpenAI's API: `sheaf.embedding.openai.<name>.url` and so on.
@ConfigMapping(prefix = "sheaf.embedding.openai")
interface OpenAiConfig {

  /// The models by name.
  @WithParentName
  Map<String, Model> models();

  /// One model on one server.
  interface Model {

    /// The base URL of the API, such as `http://localhost:11434/v1`. Requests go to
    /// `<url>/embeddings`.
    URI url();

    /// The server's name of the model. Default: the name of this entry.
    Optional<String> model();

    /// The number of dimensions of its vectors.
    int dimensions();

    /// Whether requests contain `dimensions`. Only models with variable dimensions accept it.
    @WithDefault("false")
    boolean sendDimensions();

    /// The API key, sent as a bearer token.
    Optional<String> apiKey();

    /// A file with the API key, which is read at the start. It precedes [#apiKey].
    Optional<Path> apiKeyFile();

    /// The maximum number of tokens of a text, as [OpenAiModel] estimates them.
    @WithDefault("512")
    int maxTokens();

    /// The text that the model expects before a query.
    Optional<String> queryPrefix();

    /// The text that the model expects before a document.
    Optional<String> documentPrefix();

    /// The maximum number of texts in one request.
    @WithDefault("64")
    int batchSize();

    /// Concurrent requests with documents. Queries have a separate limit of the same size.
    @WithDefault("4")
    int concurrency();

    /// The timeout of one request.
    @WithDefault("30s")
    Duration timeout();

    /// The timeout of a query with all retries, including the wait for concurrent requests.
    @WithDefault("10s")
    Duration queryTimeout();

    /// How often a request is retried when the server is overloaded or unavailable.
    @WithDefault("4")
    int retries();

    /// The delay before the first retry. It doubles with each retry.
    @WithDefault("250ms")
    Duration backoff();
  }
}
