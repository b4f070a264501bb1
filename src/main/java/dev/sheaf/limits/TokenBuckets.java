package dev.sheaf.limits;

import com.github.benmanes.caffeine.cache.Cache;
import dev.sheaf.runtime.Caches;
import java.time.Duration;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// A token bucket for each caller. A bucket that has had time to fill up is forgotten, because the
/// next one of that caller begins full.
final class TokenBuckets {

  private static final int MAX_CALLERS = 100_000;
  private static final double NANOS_PER_SECOND = 1e9;

  /// @param at the time of the clock at which the bucket contained `tokens`
  /// @param granted whether the last request got a token
  private record Bucket(double tokens, long at, boolean granted) {}

  private final double perSecond;
  private final double capacity;
  private final LongSupplier clock;
  private final Cache<String, Bucket> buckets;

  /// @param capacity the most tokens in a bucket
  /// @param clock in nanoseconds
  TokenBuckets(double perSecond, double capacity, LongSupplier clock) {
    this.perSecond = perSecond;
    this.capacity = capacity;
    this.clock = clock;
    this.buckets =
        Caches.ofAtMost(MAX_CALLERS)
            .expireAfterAccess(Duration.ofNanos((long) (capacity / perSecond * NANOS_PER_SECOND)))
            .ticker(clock::getAsLong)
            .build();
  }

  /// Takes one token of `caller`. Returns `false` if there is none.
  boolean tryConsume(String caller) {
    return buckets.asMap().compute(caller, (_, bucket) -> consume(bucket)).granted();
  }

  private Bucket consume(@Nullable Bucket before) {
    long now = clock.getAsLong();
    double tokens =
        before == null
            ? capacity
            : Math.min(
                capacity, before.tokens() + (now - before.at()) / NANOS_PER_SECOND * perSecond);
    boolean enough = tokens >= 1;
    return new Bucket(enough ? tokens - 1 : tokens, now, enough);
  }
}
