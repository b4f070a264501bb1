package dev.sheaf.runtime;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/// Exponential backoff: the pause doubles with each attempt, up to a limit.
///
/// @param first the pause after the first attempt
/// @param limit the longest pause
public record Backoff(Duration first, Duration limit) {

  /// The pause after an attempt.
  ///
  /// @param attempt the number of the attempt that failed, from 1
  public Duration pause(int attempt) {
    Duration pause = first;
    for (int i = 1; i < attempt && pause.compareTo(limit) < 0; i++) {
      pause = pause.multipliedBy(2);
    }
    return pause.compareTo(limit) < 0 ? pause : limit;
  }

  /// A pause between half of `pause` and all of it, so that clients that failed together do not
  /// retry together.
  public static Duration jittered(Duration pause) {
    long millis = Math.max(1, pause.toMillis());
    return Duration.ofMillis(ThreadLocalRandom.current().nextLong(millis / 2, millis + 1));
  }
}
