package dev.sheaf.index;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.sheaf.embedding.Space;
import java.time.Duration;
import java.util.function.LongSupplier;

/// Detects bulk loads, so that the first build of an index can wait for their end: inserts into a
/// table without an HNSW index are about twenty times as fast.
///
/// It compares table sizes, so it detects the loads of all replicas and clients.
final class LoadDetector {

  /// Size of a row without its vector: two ids, two numbers, PostgreSQL's header, and the entry in
  /// the primary key.
  private static final int ROW_BYTES = 72;

  private static final int MAX_SPACES = 10_000;

  private final double maxRowsPerSecond;
  private final Duration maxDuration;
  private final LongSupplier nanoTime;
  private final Cache<Long, SizeSample> samples;

  /// @param maxRowsPerSecond a faster growth is a bulk load
  /// @param maxDuration after this time, a space no longer counts as being loaded
  LoadDetector(double maxRowsPerSecond, Duration maxDuration, LongSupplier nanoTime) {
    this.maxRowsPerSecond = maxRowsPerSecond;
    this.maxDuration = maxDuration;
    this.nanoTime = nanoTime;
    // Spaces that were dropped are forgotten.
    this.samples =
        Caffeine.newBuilder()
            .maximumSize(MAX_SPACES)
            .ticker(nanoTime::getAsLong)
            .expireAfterWrite(maxDuration.plus(Duration.ofHours(1)))
            .build();
  }

  /// @param first time of the first sample of this space
  private record SizeSample(long bytes, long at, long first) {}

  /// Whether a space has grown too fast since the last call. The first call for a space returns
  /// true.
  ///
  /// @param bytes current size of its table
  synchronized boolean isLoading(Space space, long bytes) {
    long now = nanoTime.getAsLong();
    SizeSample previous = samples.getIfPresent(space.id());
    samples.put(space.id(), new SizeSample(bytes, now, previous == null ? now : previous.first()));
    if (previous == null) {
      return true;
    }
    double rows =
        (double) (bytes - previous.bytes()) / (ROW_BYTES + Float.BYTES * space.dimensions());
    double seconds = (now - previous.at()) / 1e9;
    return rows > maxRowsPerSecond * seconds && now - previous.first() < maxDuration.toNanos();
  }

  /// Forgets a space, which has its index.
  synchronized void remove(long space) {
    samples.invalidate(space);
  }
}
