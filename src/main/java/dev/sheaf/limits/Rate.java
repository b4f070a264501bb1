package dev.sheaf.limits;

import dev.sheaf.api.Problem;
import dev.sheaf.api.ProblemType;
import io.vertx.core.http.HttpServerRequest;
import jakarta.ws.rs.Priorities;
import jakarta.ws.rs.core.SecurityContext;
import java.security.Principal;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jboss.resteasy.reactive.server.ServerRequestFilter;
import org.jspecify.annotations.Nullable;

/// Refuses what one caller asks for beyond `sheaf.limits.requests-per-second`: a token bucket for
/// each, of which the least recently seen are forgotten, full as they are.
final class Rate {

  private static final int CALLERS = 100_000;
  private static final double NANOS = 1e9;

  /// @param at when it held `tokens`, by the clock
  private record Bucket(double tokens, long at) {}

  private final double perSecond;
  private final double capacity;
  private final LongSupplier clock;
  private final Map<String, Bucket> buckets =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Bucket> eldest) {
          return size() > CALLERS;
        }
      };

  @jakarta.inject.Inject
  Rate(LimitsConfig config) {
    this(config.requestsPerSecond().orElse(0), config.burstSeconds(), System::nanoTime);
  }

  /// @param perSecond 0 for no limit
  /// @param clock in nanoseconds
  Rate(int perSecond, int burstSeconds, LongSupplier clock) {
    this.perSecond = perSecond;
    this.capacity = (double) perSecond * Math.max(1, burstSeconds);
    this.clock = clock;
  }

  @ServerRequestFilter(priority = Priorities.USER)
  void admit(SecurityContext security, HttpServerRequest request) {
    if (perSecond > 0 && !take(caller(security.getUserPrincipal(), request))) {
      throw new Problem(
          ProblemType.TOO_MANY_REQUESTS,
          "more than %.0f requests a second; slow down, or have sheaf.limits.requests-per-second raised"
              .formatted(perSecond));
    }
  }

  private static String caller(@Nullable Principal principal, HttpServerRequest request) {
    return principal == null || principal.getName().isEmpty()
        ? "address " + request.remoteAddress().hostAddress()
        : "caller " + principal.getName();
  }

  /// Whether `caller` may make one more request now.
  synchronized boolean take(String caller) {
    long now = clock.getAsLong();
    Bucket bucket = buckets.getOrDefault(caller, new Bucket(capacity, now));
    double tokens = Math.min(capacity, bucket.tokens() + (now - bucket.at()) / NANOS * perSecond);
    boolean enough = tokens >= 1;
    buckets.put(caller, new Bucket(enough ? tokens - 1 : tokens, now));
    return enough;
  }
}
