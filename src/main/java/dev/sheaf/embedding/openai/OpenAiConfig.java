package dev.sheaf.embedding.openai;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import io.smallrye.config.WithParentName;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/// Models that other servers run: `sheaf.embedding.openai.<name>.url` and so on.
@ConfigMapping(prefix = "sheaf.embedding.openai")
interface OpenAiConfig {

  /// By the name that collections ask for.
  @WithParentName
  Map<String, Model> models();

  /// One model on one server.
  interface Model {

    /// Where its API begins, such as `http://localhost:11434/v1`; `/embeddings` is added.
    URI url();

    /// What the server calls it; the name of this entry unless set.
    Optional<String> model();

    /// The width of its vectors.
    int dimensions();

    /// Asks the server for vectors of this width, which only models that can be shortened allow.
    @WithDefault("false")
    boolean sendDimensions();

    /// Sent as a bearer token.
    Optional<String> apiKey();

    /// The most tokens of a text that it reads, by [OpenAiModel]'s estimate.
    @WithDefault("512")
    int maxTokens();

    /// What the model was trained to see before a query.
    Optional<String> queryPrefix();

    /// What the model was trained to see before a document.
    Optional<String> documentPrefix();

    /// Texts in one request.
    @WithDefault("64")
    int batchSize();

    /// Requests of documents at once, and as many of queries.
    @WithDefault("4")
    int concurrency();

    /// For one request.
    @WithDefault("30s")
    Duration timeout();

    /// For a query, with all attempts and the wait for its turn: somebody waits for the answer.
    @WithDefault("10s")
    Duration queryTimeout();

    /// After the first attempt, when the server is overloaded or away.
    @WithDefault("4")
    int retries();

    /// Before the first retry; it doubles from one to the next.
    @WithDefault("250ms")
    Duration backoff();
  }
}
