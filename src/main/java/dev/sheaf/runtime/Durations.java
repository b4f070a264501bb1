package dev.sheaf.runtime;

import java.time.Duration;
import java.util.Locale;

/// Formats durations for people: `12 ms`, `3.4 s`, `5 min 2 s`, `24 h`.
public final class Durations {

  private Durations() {}

  public static String text(Duration duration) {
    long millis = duration.toMillis();
    if (millis < 1_000) {
      return millis + " ms";
    }
    if (millis < 60_000) {
      return millis % 1_000 == 0
          ? millis / 1_000 + " s"
          : String.format(Locale.ROOT, "%.1f s", millis / 1_000.0);
    }
    if (duration.toMinutes() >= 60 && duration.toMinutesPart() == 0) {
      return duration.toHours() + " h";
    }
    long seconds = duration.toSeconds();
    return seconds % 60 == 0 ? seconds / 60 + " min" : seconds / 60 + " min " + seconds % 60 + " s";
  }
}
