package dev.sheaf.limits;

import dev.sheaf.http.Callers;
import dev.sheaf.problem.Problem;
import dev.sheaf.problem.ProblemType;
import jakarta.ws.rs.Priorities;
import org.jboss.resteasy.reactive.server.ServerRequestFilter;
import org.jspecify.annotations.Nullable;

/// Rejects requests of a caller that exceeds `sheaf.limits.requests-per-second`.
final class RateLimit {

  private final Callers callers;
  private final int perSecond;
  private final @Nullable TokenBuckets buckets;

  RateLimit(LimitsConfig config, Callers callers) {
    this.callers = callers;
    this.perSecond = config.requestsPerSecond().orElse(0);
    RejectionMeters.count("requests", 0);
    this.buckets =
        perSecond == 0
            ? null
            : new TokenBuckets(
                perSecond,
                (double) perSecond * Math.max(1, config.burstSeconds()),
                System::nanoTime);
  }

  @ServerRequestFilter(priority = Priorities.USER)
  void check() {
    if (buckets != null && !buckets.tryConsume(callers.ofRequest().identity())) {
      RejectionMeters.count("requests", 1);
      throw new Problem(
          ProblemType.TOO_MANY_REQUESTS,
          "The limit is %s requests per second. Send fewer, or raise sheaf.limits.requests-per-second."
              .formatted(perSecond));
    }
  }
}
