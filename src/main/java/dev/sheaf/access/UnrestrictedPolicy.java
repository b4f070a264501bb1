package dev.sheaf.access;

import dev.sheaf.http.Caller;
import io.quarkus.security.identity.SecurityIdentity;
import io.quarkus.vertx.http.runtime.security.HttpSecurityPolicy;
import io.smallrye.mutiny.Uni;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;

/// Lets those in who have a role and are not limited to collections. For what is not part of the
/// API, and names collections.
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
