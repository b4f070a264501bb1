package dev.sheaf.limits;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/// A token bucket for each caller. The least recently seen are forgotten, and begin anew with a
/// full one.
final class TokenBuckets {

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

  /// @param clock in nanoseconds
  TokenBuckets(double perSecond, double capacity, LongSupplier clock) {
    this.perSecond = perSecond;
    this.capacity = capacity;
    this.clock = clock;
  }

  /// Whether `caller` has a token left, which is taken.
  synchronized boolean take(String caller) {
    long now = clock.getAsLong();
    Bucket bucket = buckets.getOrDefault(caller, new Bucket(capacity, now));
    double tokens = Math.min(capacity, bucket.tokens() + (now - bucket.at()) / NANOS * perSecond);
    boolean enough = tokens >= 1;
    buckets.put(caller, new Bucket(enough ? tokens - 1 : tokens, now));
    return enough;
  }
}
