package dev.sheaf.index;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.sheaf.runtime.Backoff;
import java.time.Duration;
import java.util.function.LongSupplier;

/// Pauses builds that failed. The pause doubles with each failure, because a build that fails for a
/// lasting reason, such as missing memory, takes most of its time again before it fails again.
///
/// @param <K> what is built; other settings are another build
final class FailedBuilds<K> {

  private static final Backoff PAUSES = new Backoff(Duration.ofSeconds(10), Duration.ofMinutes(30));

  private final LongSupplier nanoTime;
  private final Cache<K, Pause> pauses =
      Caffeine.newBuilder()
          .maximumSize(10_000)
          .expireAfterWrite(PAUSES.limit().multipliedBy(2))
          .build();

  /// @param retryAt by the clock
  private record Pause(int times, long retryAt) {}

  FailedBuilds(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  boolean isPaused(K build) {
    Pause pause = pauses.getIfPresent(build);
    return pause != null && pause.retryAt() - nanoTime.getAsLong() > 0;
  }

  /// Begins a pause.
  ///
  /// @return its length
  Duration add(K build) {
    Pause pause =
        pauses.asMap().compute(build, (_, before) -> next(before == null ? 1 : before.times() + 1));
    return PAUSES.pause(pause.times());
  }

  private Pause next(int times) {
    return new Pause(times, nanoTime.getAsLong() + PAUSES.pause(times).toNanos());
  }

  void remove(K build) {
    pauses.invalidate(build);
  }
}
