package dev.sheaf.access;

import dev.sheaf.http.Input;
import dev.sheaf.http.Roles;
import dev.sheaf.runtime.ModuleSwitches;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.annotation.security.RolesAllowed;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import java.sql.SQLException;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jboss.resteasy.reactive.ResponseStatus;
import org.jboss.resteasy.reactive.RestPath;
import org.jboss.resteasy.reactive.RestResponse;
import org.jspecify.annotations.Nullable;

/// API keys over HTTP.
@Path("/keys")
@Tag(name = "Keys")
@RolesAllowed(Roles.OPERATOR)
@RunOnVirtualThread
class KeyResource {

  private final ModuleSwitches modules;
  private final ApiKeys keys;
  private final KeyIdentityProvider identities;

  KeyResource(ModuleSwitches modules, ApiKeys keys, KeyIdentityProvider identities) {
    this.modules = modules;
    this.keys = keys;
    this.identities = identities;
  }

  @POST
  @Operation(
      operationId = "createKey",
      summary = "Create a key",
      description = "Only this response contains the key's secret.")
  @APIResponse(
      responseCode = "201",
      description = "Created",
      content =
          @Content(
              mediaType = MediaType.APPLICATION_JSON,
              schema = @Schema(implementation = CreatedKey.class)))
  @APIResponse(responseCode = "404", description = "The module is off")
  @APIResponse(responseCode = "422", description = "A field is not valid")
  public RestResponse<CreatedKey> create(@Nullable CreateKey request) throws SQLException {
    modules.require(ApiKeys.MODULE);
    CreatedKey created = keys.create(Input.required("role", request));
    return RestResponse.ResponseBuilder.create(RestResponse.Status.CREATED, created)
        .header(HttpHeaders.CACHE_CONTROL, "no-store")
        .build();
  }

  @GET
  @Operation(operationId = "listKeys", summary = "List the keys, without their secrets")
  @APIResponse(responseCode = "200", description = "All keys, newest first")
  @APIResponse(responseCode = "404", description = "The module is off")
  public KeyList list() throws SQLException {
    modules.require(ApiKeys.MODULE);
    return new KeyList(keys.list());
  }

  @DELETE
  @Path("/{id}")
  @ResponseStatus(204)
  @Operation(
      operationId = "revokeKey",
      summary = "Revoke a key",
      description = "Other replicas reject the key within sheaf.access.recheck-every.")
  @APIResponse(responseCode = "204", description = "Revoked")
  @APIResponse(responseCode = "404", description = "No such key, or the module is off")
  public void revoke(@Parameter(example = "f9120b0f5803") @RestPath String id) throws SQLException {
    modules.require(ApiKeys.MODULE);
    keys.revoke(id);
    identities.forget(id);
  }

  /// All keys, newest first.
  @Schema(name = "KeyList")
  record KeyList(List<ApiKey> keys) {}
}
