package dev.sheaf.embedding;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonNode;
import dev.sheaf.http.Callers;
import dev.sheaf.http.Input;
import dev.sheaf.http.Roles;
import dev.sheaf.limits.ClientConnections;
import dev.sheaf.limits.ClientConnections.Client;
import dev.sheaf.limits.ConcurrencyLimiter;
import dev.sheaf.limits.RequestMemory;
import dev.sheaf.limits.WorkKind;
import dev.sheaf.problem.Problem;
import dev.sheaf.problem.ProblemType;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.annotation.security.RolesAllowed;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/// The embedding models of this service over HTTP, compatible with OpenAI's API. Also available at
/// `/v1/embeddings`, the path that clients of that API use.
@Path("/embeddings")
@Tag(name = "Embeddings")
@RolesAllowed(Roles.READER)
@RunOnVirtualThread
class EmbeddingResource {

  private static final int MAX_INPUTS = 2_048;

  /// The model embeds the texts of a request in groups of at most so many tokens, which take a
  /// second or less, and not more texts. Between two groups, documents, searches and other callers
  /// get their turn.
  private static final int GROUP_TOKENS = 4_096;

  private static final int GROUP_TEXTS = 64;

  /// A request that has begun waits for its next turn rather than that it fails.
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  /// A number is in memory as a float, and in base64.
  private static final int BYTES_PER_NUMBER = 10;

  private final EmbeddingModels models;
  private final OpenAiPaths openAi;
  private final RequestMemory memory;
  private final ConcurrencyLimiter limiter;
  private final ClientConnections clients;
  private final Callers callers;

  EmbeddingResource(
      EmbeddingModels models,
      OpenAiPaths openAi,
      RequestMemory memory,
      ConcurrencyLimiter limiter,
      ClientConnections clients,
      Callers callers) {
    this.models = models;
    this.openAi = openAi;
    this.memory = memory;
    this.limiter = limiter;
    this.clients = clients;
    this.callers = callers;
  }

  @POST
  @Operation(
      operationId = "embed",
      summary = "Embed texts",
      description =
          "Compatible with OpenAI's API. Texts are embedded as documents. To embed a query, put the model's query prefix before the text.")
  @APIResponse(responseCode = "200", description = "One vector for each text, in the same order")
  @APIResponse(responseCode = "422", description = "A field is not valid")
  public Response embed(@Nullable Request request) throws InterruptedException {
    Request checked = Input.required("input", request);
    EmbeddingModel model = model(checked.model());
    Integer dimensions = checked.dimensions();
    if (dimensions != null && dimensions != model.dimensions()) {
      throw Problem.wrongDimensions(dimensions, model.name(), model.dimensions());
    }
    List<String> texts = checked.texts();
    memory.ofRequest().reserve((long) texts.size() * model.dimensions() * BYTES_PER_NUMBER);
    int[] lengths = new int[texts.size()];
    for (int i = 0; i < lengths.length; i++) {
      lengths[i] = TextValidator.requireReadable(checked.field(i), texts.get(i), model);
    }
    var data = new ArrayList<Item>(texts.size());
    for (float[] vector : embed(model, texts, lengths)) {
      Object embedding =
          checked.encoding() == Encoding.BASE64 ? Base64Vector.encode(vector) : vector;
      data.add(new Item("embedding", data.size(), embedding));
    }
    int tokens = Arrays.stream(lengths).sum();
    return new Response("list", data, model.name(), new Usage(tokens, tokens));
  }

  /// Embeds the texts in groups, each with a permit. If the client closes its connection, the
  /// groups that have not begun are not embedded.
  ///
  /// @param tokens the length of each text
  private List<float[]> embed(EmbeddingModel model, List<String> texts, int[] tokens)
      throws InterruptedException {
    String caller = callers.ofRequest().identity();
    Client client = clients.ofRequest();
    var vectors = new ArrayList<float[]>(texts.size());
    while (vectors.size() < texts.size()) {
      int from = vectors.size();
      try (ConcurrencyLimiter.Permit _ =
          from == 0
              ? limiter.acquire(WorkKind.EMBEDDING, caller)
              : limiter.acquire(WorkKind.EMBEDDING, caller, PATIENCE)) {
        if (client != null) {
          client.requirePresent();
        }
        vectors.addAll(embed(model, texts.subList(from, endOfGroup(tokens, from))));
      }
    }
    return vectors;
  }

  /// The index after the group that begins with a text.
  private static int endOfGroup(int[] tokens, int from) {
    int end = from;
    long sum = 0;
    do {
      sum += tokens[end];
      end++;
    } while (end < tokens.length && end - from < GROUP_TEXTS && sum + tokens[end] <= GROUP_TOKENS);
    return end;
  }

  private EmbeddingModel model(@Nullable String name) {
    if (name == null) {
      return models.defaultModel();
    }
    return models
        .find(name)
        .orElseThrow(() -> {
          String detail = models.notFound(name);
          return openAi.isCurrent()
              ? new Problem(ProblemType.MODEL_NOT_FOUND, detail)
              : Problem.field("model", detail);
        });
  }

  private static List<float[]> embed(EmbeddingModel model, List<String> texts) {
    try {
      return model.embed(texts, EmbeddingModel.Purpose.DOCUMENT);
    } catch (IllegalArgumentException rejected) {
      throw Problem.field("input", String.valueOf(rejected.getMessage()));
    }
  }

  /// A request to embed texts.
  ///
  /// @param input a text, or an array of texts
  /// @param user accepted for compatibility and ignored
  @Schema(
      name = "EmbeddingRequest",
      examples =
          """
          {"input": ["The Moon keeps one face to the Earth."], "model": "bge-small-en-v1.5"}
          """)
  record Request(
      @Schema(
              implementation = Object.class,
              description = "A text, or an array of texts",
              examples = "The Moon keeps one face to the Earth.")
          JsonNode input,
      @Schema(description = "Absent: the default model of the service") @Nullable String model,
      @JsonProperty("encoding_format") @Schema(defaultValue = "float") @Nullable Encoding encoding,
      @Nullable Integer dimensions,
      @Nullable String user) {

    public List<String> texts() {
      JsonNode value = Input.required("input", input);
      if (value.isTextual()) {
        return List.of(value.textValue());
      }
      if (!value.isArray() || value.isEmpty() || value.size() > MAX_INPUTS) {
        throw Problem.field(
            "input", "input must be a string, or an array of 1 to " + MAX_INPUTS + " strings.");
      }
      var texts = new ArrayList<String>(value.size());
      for (JsonNode text : value) {
        String field = field(texts.size());
        if (text.isIntegralNumber() || text.path(0).isIntegralNumber()) {
          throw Problem.field(
              field,
              field + " contains token ids, which depend on the client's tokenizer. Send texts.");
        }
        if (!text.isTextual()) {
          throw Problem.field(field, field + " must be a string.");
        }
        texts.add(text.textValue());
      }
      return texts;
    }

    /// The path of a text in the body.
    String field(int index) {
      return input.isArray() ? "input[" + index + "]" : "input";
    }
  }

  /// The encoding of a vector in the response.
  @Schema(name = "VectorEncoding")
  enum Encoding {
    /// An array of numbers.
    @JsonProperty("float")
    FLOAT,
    /// A [Base64Vector].
    @JsonProperty("base64")
    BASE64
  }

  @Schema(name = "EmbeddingResponse")
  record Response(String object, List<Item> data, String model, Usage usage) {}

  /// @param embedding a `float[]`, or a [Base64Vector]
  @Schema(name = "EmbeddingItem")
  record Item(
      String object,
      int index,
      @Schema(description = "An array of numbers, or their base64") Object embedding) {}

  /// Numbers of tokens, as the model counts them.
  @Schema(name = "EmbeddingUsage")
  record Usage(
      @JsonProperty("prompt_tokens") int promptTokens,
      @JsonProperty("total_tokens") int totalTokens) {}
}
