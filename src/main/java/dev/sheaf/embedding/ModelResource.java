package dev.sheaf.embedding;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.sheaf.http.Roles;
import dev.sheaf.problem.Problem;
import dev.sheaf.problem.ProblemType;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.annotation.security.RolesAllowed;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jboss.resteasy.reactive.RestPath;

/// The names of the embedding models over HTTP, compatible with OpenAI's API. Also available at
/// `/v1/models`.
@Path("/models")
@Tag(name = "Embeddings")
@RolesAllowed(Roles.READER)
@RunOnVirtualThread
class ModelResource {

  private final EmbeddingModels models;

  ModelResource(EmbeddingModels models) {
    this.models = models;
  }

  @GET
  @Operation(operationId = "listModels", summary = "List the embedding models of the service")
  @APIResponse(responseCode = "200", description = "All models, by name")
  public ModelList list() {
    return new ModelList("list", models.all().stream().map(Model::of).toList());
  }

  @GET
  @Path("/{model}")
  @Operation(operationId = "getModel", summary = "Describe an embedding model")
  @APIResponse(responseCode = "200", description = "The model")
  @APIResponse(responseCode = "404", description = "No such model")
  public Model get(@Parameter(example = "bge-small-en-v1.5") @RestPath String model) {
    return models
        .find(model)
        .map(Model::of)
        .orElseThrow(() -> new Problem(ProblemType.MODEL_NOT_FOUND, models.notFound(model)));
  }

  /// All models, by name.
  @Schema(name = "ModelList")
  record ModelList(String object, List<Model> data) {}

  /// An embedding model.
  ///
  /// @param created always 0; clients of OpenAI's API expect the field
  /// @param maxTokens the maximum number of tokens of a text
  @Schema(name = "Model")
  record Model(
      String id,
      String object,
      long created,
      @JsonProperty("owned_by") String ownedBy,
      int dimensions,
      @JsonProperty("max_tokens") int maxTokens) {

    static Model of(EmbeddingModel model) {
      return new Model(model.name(), "model", 0, "sheaf", model.dimensions(), model.maxTokens());
    }
  }
}
