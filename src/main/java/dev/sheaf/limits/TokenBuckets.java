package dev.sheaf.limits;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.time.Duration;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// A token bucket for each caller. One that has had the time to fill up is forgotten, because the
/// caller's next begins full.
final class TokenBuckets {

  private static final int CALLERS = 100_000;
  private static final double NANOS = 1e9;

  /// @param at when it held `tokens`, by the clock
  /// @param granted whether the last who asked got a token
  private record Bucket(double tokens, long at, boolean granted) {}

  private final double perSecond;
  private final double capacity;
  private final LongSupplier clock;
  private final Cache<String, Bucket> buckets;

  /// @param clock in nanoseconds
  TokenBuckets(double perSecond, double capacity, LongSupplier clock) {
    this.perSecond = perSecond;
    this.capacity = capacity;
    this.clock = clock;
    this.buckets =
        Caffeine.newBuilder()
            .maximumSize(CALLERS)
            .expireAfterAccess(Duration.ofNanos((long) (capacity / perSecond * NANOS)))
            .ticker(clock::getAsLong)
            .build();
  }

  /// Whether `caller` has a token left, which is taken.
  boolean take(String caller) {
    return buckets.asMap().compute(caller, (_, bucket) -> take(bucket)).granted();
  }

  private Bucket take(@Nullable Bucket before) {
    long now = clock.getAsLong();
    double tokens =
        before == null
            ? capacity
            : Math.min(capacity, before.tokens() + (now - before.at()) / NANOS * perSecond);
    boolean enough = tokens >= 1;
    return new Bucket(enough ? tokens - 1 : tokens, now, enough);
  }
}
