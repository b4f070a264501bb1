package dev.sheaf.audit;

import dev.sheaf.http.Input;
import dev.sheaf.http.Roles;
import dev.sheaf.runtime.ModuleSwitches;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.annotation.security.RolesAllowed;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import java.sql.SQLException;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jboss.resteasy.reactive.RestQuery;
import org.jspecify.annotations.Nullable;

/// The audit trail over HTTP. It is read-only.
@Path("/audit")
@Tag(name = "Audit")
@RolesAllowed(Roles.OPERATOR)
@RunOnVirtualThread
class AuditResource {

  private static final int DEFAULT_PAGE = 100;
  private static final int MAX_PAGE = 1_000;

  private final ModuleSwitches modules;
  private final AuditEvents events;

  AuditResource(ModuleSwitches modules, AuditEvents events) {
    this.modules = modules;
    this.events = events;
  }

  @GET
  @Operation(
      operationId = "listAuditEvents",
      summary = "List the events of the audit trail, newest first")
  @APIResponse(responseCode = "200", description = "A page of events")
  @APIResponse(responseCode = "404", description = "The module is off")
  public AuditEvents.Page list(
      @Parameter(
              description = "The maximum number of events on the page",
              schema =
                  @Schema(
                      type = SchemaType.INTEGER,
                      minimum = "1",
                      maximum = "1000",
                      defaultValue = "100"))
          @RestQuery
          @Nullable String limit,
      @Parameter(description = "The `next` of the previous page") @RestQuery @Nullable String after)
      throws SQLException {
    modules.require(AuditTrail.MODULE);
    return events.page(AuditCursor.parse(after), Input.pageSize(limit, MAX_PAGE, DEFAULT_PAGE));
  }
}
