package dev.sheaf.audit;

import dev.sheaf.api.Input;
import dev.sheaf.api.Roles;
import dev.sheaf.schema.ModuleSwitches;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.annotation.security.RolesAllowed;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import java.sql.SQLException;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jboss.resteasy.reactive.RestQuery;
import org.jspecify.annotations.Nullable;

/// The audit trail over HTTP: to be read, never to be changed.
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
  @Operation(summary = "Who did what, newest first")
  public AuditEvents.Page list(
      @Parameter(description = "1 to 1000") @RestQuery @Nullable String limit,
      @Parameter(description = "The `next` of the page before") @RestQuery @Nullable String after)
      throws SQLException {
    modules.require(AuditTrail.MODULE);
    return events.page(AuditCursor.parse(after), Input.pageSize(limit, MAX_PAGE, DEFAULT_PAGE));
  }
}
