package dev.sheaf.access;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sheaf.http.ProblemDocument;
import dev.sheaf.problem.Problem;
import dev.sheaf.problem.ProblemType;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.HostAndPort;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.net.URI;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Protects a service without access control from web pages. A page that a user of this machine
/// visits can send requests here, and can even read the answers if it gives its own name the
/// address of this machine. So only requests for names of this machine are answered, and none from
/// pages of other names that could change something.
///
/// Health needs no role in any mode, and is not affected.
@ApplicationScoped
class OpenModeGuard {

  /// Before authentication.
  private static final int PRIORITY = 10_000;

  private static final Pattern LOOPBACK =
      Pattern.compile("(.+\\.)?localhost|127(\\.\\d{1,3}){3}|\\[?(::1|0:0:0:0:0:0:0:1)]?");

  private static final Set<HttpMethod> SAFE =
      Set.of(HttpMethod.GET, HttpMethod.HEAD, HttpMethod.OPTIONS);

  private static final String SETTING =
      " Access control is off. Set sheaf.access.mode=required, or add the name to"
          + " sheaf.access.open-hosts.";

  private final boolean open;
  private final Set<String> hosts;
  private final ObjectMapper json;

  OpenModeGuard(AccessConfig config, ObjectMapper json) {
    this.open = AccessGate.isOpen(config);
    this.hosts =
        config.openHosts().orElse(Set.of()).stream()
            .map(OpenModeGuard::lowerCase)
            .collect(Collectors.toSet());
    this.json = json;
  }

  void register(@Observes Filters filters) {
    if (open) {
      filters.register(this::check, PRIORITY);
    }
  }

  private void check(RoutingContext call) {
    String reason = call.normalizedPath().startsWith("/q/health") ? null : reason(call.request());
    if (reason == null) {
      call.next();
      return;
    }
    var problem = new Problem(ProblemType.FORBIDDEN, reason + SETTING);
    try {
      call.response()
          .setStatusCode(problem.type().status())
          .putHeader("Content-Type", "application/problem+json")
          .end(json.writeValueAsString(ProblemDocument.of(problem)));
    } catch (JsonProcessingException e) {
      call.fail(e);
    }
  }

  /// Why a request is rejected; `null` if it is not.
  private @Nullable String reason(HttpServerRequest request) {
    HostAndPort authority = request.authority();
    String host = authority == null ? "" : authority.host();
    if (!isAllowed(host)) {
      return "The request is for the host %s, which is not a name of this machine.".formatted(host);
    }
    if (SAFE.contains(request.method())) {
      return null;
    }
    String origin = request.getHeader("Origin");
    if (origin != null) {
      return isAllowed(host(origin))
          ? null
          : "The request comes from a page of %s.".formatted(origin);
    }
    return "cross-site".equals(request.getHeader("Sec-Fetch-Site"))
        ? "The request comes from a page of another site."
        : null;
  }

  private boolean isAllowed(@Nullable String host) {
    String name = host == null ? "" : lowerCase(host);
    return LOOPBACK.matcher(name).matches() || hosts.contains(name);
  }

  private static @Nullable String host(String origin) {
    try {
      return URI.create(origin).getHost();
    } catch (IllegalArgumentException _) {
      return null;
    }
  }

  private static String lowerCase(String host) {
    return host.toLowerCase(Locale.ROOT);
  }
}
