package dev.sheaf.index;

import dev.sheaf.embedding.Space;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/// Tells which spaces are being filled faster than their index could follow, so that it is built
/// when the load is over: rows go into a table without an HNSW index about twenty times as fast.
///
/// It sees nothing but sizes, so it knows a load by whichever replica or client.
final class LoadDetector {

  /// Besides its vector, a row has two ids, two numbers and PostgreSQL's own header; and the
  /// primary key has an entry for it.
  private static final int ROW_BYTES = 72;

  private final double maxRowsPerSecond;
  private final Duration atMost;
  private final LongSupplier nanoTime;
  private final Map<Long, Look> looks = new HashMap<>();

  /// @param maxRowsPerSecond more than this is too fast
  /// @param atMost how long a space may be too fast
  LoadDetector(double maxRowsPerSecond, Duration atMost, LongSupplier nanoTime) {
    this.maxRowsPerSecond = maxRowsPerSecond;
    this.atMost = atMost;
    this.nanoTime = nanoTime;
  }

  /// @param first when this space was looked at for the first time
  private record Look(long bytes, long at, long first) {}

  /// Looks at a space again. Nothing is known at the first look, so it is taken for fast.
  ///
  /// @param bytes the size of its table now
  boolean isFast(Space space, long bytes) {
    long now = nanoTime.getAsLong();
    Look before = looks.get(space.id());
    looks.put(space.id(), new Look(bytes, now, before == null ? now : before.first()));
    if (before == null) {
      return true;
    }
    double rows =
        (double) (bytes - before.bytes()) / (ROW_BYTES + Float.BYTES * space.dimensions());
    double seconds = (now - before.at()) / 1e9;
    return rows > maxRowsPerSecond * seconds && now - before.first() < atMost.toNanos();
  }

  /// Forgets all other spaces.
  void retain(Collection<Long> spaces) {
    looks.keySet().retainAll(spaces);
  }
}
