package dev.sheaf.access;

import dev.sheaf.http.Caller;
import io.quarkus.security.identity.SecurityIdentity;
import io.quarkus.vertx.http.runtime.security.HttpSecurityPolicy;
import io.smallrye.mutiny.Uni;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;

/// Permits callers that have a role and are not limited to certain collections. For paths outside
/// of the API whose responses contain the names of collections, such as metrics.
@ApplicationScoped
class UnrestrictedPolicy implements HttpSecurityPolicy {

  @Override
  public String name() {
    return "every-collection";
  }

  @Override
  public Uni<CheckResult> checkPermission(
      RoutingContext request, Uni<SecurityIdentity> identity, AuthorizationRequestContext context) {
    return identity.map(caller ->
        caller.isAnonymous()
                || caller.getRoles().isEmpty()
                || caller.getAttribute(Caller.COLLECTIONS) != null
            ? CheckResult.DENY
            : CheckResult.PERMIT);
  }
}
