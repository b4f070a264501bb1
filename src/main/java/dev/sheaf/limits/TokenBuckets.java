package dev.sheaf.limits;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/// A token bucket for each caller. Beyond [#MAX_CALLERS], the bucket of the caller that was idle
/// longest is removed; that caller starts again with a full bucket.
final class TokenBuckets {

  private static final int MAX_CALLERS = 100_000;
  private static final double NANOS_PER_SECOND = 1e9;

  /// @param at the time of the clock at which the bucket contained `tokens`
  private record Bucket(double tokens, long at) {}

  private final double perSecond;
  private final double capacity;
  private final LongSupplier clock;
  private final Map<String, Bucket> buckets =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Bucket> eldest) {
          return size() > MAX_CALLERS;
        }
      };

  /// @param capacity the most tokens in a bucket
  /// @param clock in nanoseconds
  TokenBuckets(double perSecond, double capacity, LongSupplier clock) {
    this.perSecond = perSecond;
    this.capacity = capacity;
    this.clock = clock;
  }

  /// Takes one token of `caller`. Returns `false` if there is none.
  synchronized boolean tryConsume(String caller) {
    long now = clock.getAsLong();
    Bucket bucket = buckets.getOrDefault(caller, new Bucket(capacity, now));
    double tokens =
        Math.min(capacity, bucket.tokens() + (now - bucket.at()) / NANOS_PER_SECOND * perSecond);
    boolean enough = tokens >= 1;
    buckets.put(caller, new Bucket(enough ? tokens - 1 : tokens, now));
    return enough;
  }
}
