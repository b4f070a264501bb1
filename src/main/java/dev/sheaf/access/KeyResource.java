package dev.sheaf.access;

import dev.sheaf.api.Input;
import dev.sheaf.api.Roles;
import dev.sheaf.schema.ModuleSwitches;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.annotation.security.RolesAllowed;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.core.HttpHeaders;
import java.sql.SQLException;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.Operation;
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
      summary = "Make a key",
      description = "The answer is the only place that ever shows it.")
  @APIResponse(responseCode = "201", description = "Made")
  @APIResponse(responseCode = "422", description = "A field is not valid")
  public RestResponse<CreatedKey> create(@Nullable CreateKey request) throws SQLException {
    modules.require(ApiKeys.MODULE);
    CreatedKey created = keys.create(Input.required("role", request));
    return RestResponse.ResponseBuilder.create(RestResponse.Status.CREATED, created)
        .header(HttpHeaders.CACHE_CONTROL, "no-store")
        .build();
  }

  @GET
  @Operation(summary = "List the keys, without their secrets")
  public KeyList list() throws SQLException {
    modules.require(ApiKeys.MODULE);
    return new KeyList(keys.list());
  }

  @DELETE
  @Path("/{id}")
  @ResponseStatus(204)
  @Operation(
      summary = "Revoke a key",
      description = "Other replicas refuse it within sheaf.access.recheck-every.")
  @APIResponse(responseCode = "404", description = "No such key")
  public void revoke(@RestPath String id) throws SQLException {
    modules.require(ApiKeys.MODULE);
    keys.revoke(id);
    identities.forget(id);
  }

  /// All keys, newest first.
  record KeyList(List<ApiKey> keys) {}
}
