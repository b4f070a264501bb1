package dev.sheaf.embedding;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonNode;
import dev.sheaf.http.Input;
import dev.sheaf.http.Roles;
import dev.sheaf.problem.Problem;
import io.smallrye.common.annotation.RunOnVirtualThread;
import io.vertx.ext.web.Router;
import jakarta.annotation.security.RolesAllowed;
import jakarta.enterprise.event.Observes;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import java.util.ArrayList;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/// The models of this service for others to use, in the form of OpenAI's API: also at
/// `/v1/embeddings`, where its clients look for it.
@Path("/embeddings")
@Tag(name = "Embeddings")
@RunOnVirtualThread
class EmbeddingResource {

  private static final int MAX_INPUTS = 2_048;

  private final EmbeddingModels models;

  EmbeddingResource(EmbeddingModels models) {
    this.models = models;
  }

  void alsoAtTheUsualPath(@Observes Router router) {
    router
        .post("/v1/embeddings")
        .order(Integer.MIN_VALUE)
        .handler(call -> call.reroute("/api/v1/embeddings"));
  }

  @POST
  // Not on the class, whose other method nobody calls who could have a role.
  @RolesAllowed(Roles.READER)
  @Operation(
      operationId = "embed",
      summary = "Embed texts",
      description =
          "As OpenAI's API does. Texts are embedded as documents; put the model's own query prefix before a query.")
  @APIResponse(responseCode = "200", description = "A vector for each text, in their order")
  @APIResponse(responseCode = "422", description = "A field is not valid")
  public Response embed(@Nullable Request request) {
    Request checked = Input.required("input", request);
    EmbeddingModel model = models.of(checked.model(), checked.dimensions());
    List<String> texts = checked.texts();
    int tokens = 0;
    for (int i = 0; i < texts.size(); i++) {
      int length = model.countTokens(texts.get(i));
      if (length > model.maxTokens()) {
        throw Problem.field(
            "input",
            "input[%s] has %s tokens, %s reads %s at once"
                .formatted(i, length, model.name(), model.maxTokens()));
      }
      tokens += length;
    }
    var data = new ArrayList<Item>(texts.size());
    for (float[] vector : embed(model, texts)) {
      Object embedding =
          checked.encoding() == Encoding.BASE64 ? Base64Vector.encode(vector) : vector;
      data.add(new Item("embedding", data.size(), embedding));
    }
    return new Response("list", data, model.name(), new Usage(tokens, tokens));
  }

  private static List<float[]> embed(EmbeddingModel model, List<String> texts) {
    try {
      return model.embed(texts, EmbeddingModel.Role.DOCUMENT);
    } catch (IllegalArgumentException refusal) {
      throw Problem.field("input", String.valueOf(refusal.getMessage()));
    }
  }

  /// What to embed, and how to write the vectors.
  ///
  /// @param input a text, or an array of texts
  /// @param user somebody at the client; not looked at
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
      @Schema(description = "Absent: the service's default") @Nullable String model,
      @JsonProperty("encoding_format") @Schema(defaultValue = "float") @Nullable Encoding encoding,
      @Nullable Integer dimensions,
      @Nullable String user) {

    public List<String> texts() {
      JsonNode given = Input.required("input", input);
      if (given.isTextual()) {
        return List.of(text(given));
      }
      if (!given.isArray() || given.isEmpty() || given.size() > MAX_INPUTS) {
        throw Problem.field(
            "input", "input must be a text, or an array of 1 to " + MAX_INPUTS + " texts");
      }
      var texts = new ArrayList<String>(given.size());
      given.forEach(text -> texts.add(text(text)));
      return texts;
    }

    private static String text(JsonNode given) {
      if (!given.isTextual() || given.textValue().isEmpty()) {
        throw Problem.field("input", "input must hold texts that are not empty");
      }
      return given.textValue();
    }
  }

  /// How a vector is written.
  @Schema(name = "VectorEncoding")
  enum Encoding {
    /// As an array of numbers.
    @JsonProperty("float")
    FLOAT,
    /// As the base64 of its 32-bit floats, little-endian.
    @JsonProperty("base64")
    BASE64
  }

  @Schema(name = "EmbeddingResponse")
  record Response(String object, List<Item> data, String model, Usage usage) {}

  /// @param embedding numbers, or their base64
  @Schema(name = "EmbeddingItem")
  record Item(
      String object,
      int index,
      @Schema(description = "An array of numbers, or their base64") Object embedding) {}

  /// In the model's own tokens.
  @Schema(name = "EmbeddingUsage")
  record Usage(
      @JsonProperty("prompt_tokens") int promptTokens,
      @JsonProperty("total_tokens") int totalTokens) {}
}
