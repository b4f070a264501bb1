package dev.sheaf.limits;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

/// The rate at which a client sends or reads at least. How late it is grows with the time that the
/// service waits for it, and shrinks by the time that its bytes may take.
///
/// @param setting the name of the setting with the rate
/// @param grace how late it may be
public record TransferRate(String setting, long bytesPerSecond, Duration grace) {

  /// The rate of bodies and answers.
  public static TransferRate of(LimitsConfig config) {
    return new TransferRate(
        "sheaf.limits.transfer-rate", config.transferRate().asLongValue(), config.transferGrace());
  }

  /// The rate of uploads, exports and event streams.
  static TransferRate ofStreams(LimitsConfig config) {
    return new TransferRate(
        "sheaf.limits.stream-rate", config.streamRate().asLongValue(), config.streamGrace());
  }

  /// How late the client is, in nanoseconds, after the service waited for it.
  ///
  /// @param before how late it was before
  /// @param waited nanoseconds
  /// @param bytes that were transferred in this time
  public long late(long before, long waited, long bytes) {
    double allowed = (double) bytes / bytesPerSecond * TimeUnit.SECONDS.toNanos(1);
    return Math.max(0, before + waited - (long) allowed);
  }

  public boolean isTooLate(long late) {
    return late > grace.toNanos();
  }
}
