package dev.sheaf.http;

import io.quarkus.arc.Arc;
import io.quarkus.security.identity.SecurityIdentity;
import io.quarkus.vertx.http.runtime.CurrentVertxRequest;
import io.vertx.core.net.SocketAddress;
import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Singleton;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Finds the current [Caller].
@Singleton
public class Callers {

  private final SecurityIdentity identity;
  private final CurrentVertxRequest request;

  Callers(SecurityIdentity identity, CurrentVertxRequest request) {
    this.identity = identity;
    this.request = request;
  }

  /// The caller of the current request.
  ///
  /// @throws IllegalStateException if this thread handles no request
  public Caller ofRequest() {
    RoutingContext call = current();
    if (call == null) {
      throw new IllegalStateException("This thread handles no request");
    }
    return new Caller(
        identity.getPrincipal().getName(),
        identity.hasRole(Roles.ADMIN),
        identity.getAttribute(Caller.COLLECTIONS),
        RequestId.of(call),
        address(call));
  }

  /// `null` if the connection is already closed.
  private static @Nullable String address(RoutingContext call) {
    SocketAddress from = call.request().remoteAddress();
    return from == null ? null : from.hostAddress();
  }

  /// The current request, whose authentication failed: its caller is anybody.
  ///
  /// @throws IllegalStateException if this thread handles no request
  public Caller ofRejectedRequest() {
    RoutingContext call = current();
    if (call == null) {
      throw new IllegalStateException("This thread handles no request");
    }
    return new Caller(Caller.ANYBODY, false, Set.of(), RequestId.of(call), address(call));
  }

  /// The caller of the current request, or the service itself outside of a request.
  public Caller ofRequestOrService() {
    return current() == null ? Caller.SERVICE : ofRequest();
  }

  private @Nullable RoutingContext current() {
    return Arc.container().requestContext().isActive() ? request.getCurrent() : null;
  }
}
