package dev.sheaf.http;

import io.quarkus.arc.Arc;
import io.quarkus.security.identity.SecurityIdentity;
import io.quarkus.vertx.http.runtime.CurrentVertxRequest;
import io.vertx.core.net.SocketAddress;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import org.jspecify.annotations.Nullable;

/// Who is calling, wherever it matters.
@ApplicationScoped
public class Callers {

  private final SecurityIdentity identity;
  private final CurrentVertxRequest request;

  Callers(SecurityIdentity identity, CurrentVertxRequest request) {
    this.identity = identity;
    this.request = request;
  }

  /// Who sent the request that this thread works on.
  ///
  /// @throws IllegalStateException when it works on none; nobody is taken for somebody
  public Caller ofRequest() {
    RoutingContext call = current();
    if (call == null) {
      throw new IllegalStateException("this thread serves no request");
    }
    SocketAddress from = call.request().remoteAddress();
    return new Caller(
        identity.getPrincipal().getName(),
        identity.hasRole(Roles.ADMIN),
        identity.getAttribute(Caller.COLLECTIONS),
        RequestId.of(call),
        // Null when the connection is gone already.
        from == null ? null : from.hostAddress());
  }

  /// The same, or the service itself where it works on no request.
  public Caller ofRequestOrService() {
    return current() == null ? Caller.SERVICE : ofRequest();
  }

  private @Nullable RoutingContext current() {
    return Arc.container().requestContext().isActive() ? request.getCurrent() : null;
  }
}
