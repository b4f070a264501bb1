package dev.sheaf.access;

import dev.sheaf.database.ReadOnlyWatch;
import io.quarkus.scheduler.Scheduled;
import io.quarkus.scheduler.Scheduled.ConcurrentExecution;
import jakarta.inject.Singleton;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jboss.logging.Logger;

/// Collects the uses of keys in memory and writes them in the background. Authentication writes
/// nothing, so that a database that accepts no writes, or confirms none, delays no request.
@Singleton
class KeyUses {

  private static final Logger LOG = Logger.getLogger(KeyUses.class);

  /// Uses of more keys than this are not recorded until the next write.
  private static final int MAX_KEYS = 10_000;

  private final ApiKeys keys;

  /// The time of the first use since the last write, in nanoseconds, by the ID of the key.
  private final Map<String, Long> uses = new ConcurrentHashMap<>();

  KeyUses(ApiKeys keys) {
    this.keys = keys;
  }

  void add(String id) {
    if (uses.size() < MAX_KEYS) {
      uses.putIfAbsent(id, System.nanoTime());
    }
  }

  @Scheduled(
      every = "${sheaf.access.record-use-every:10s}",
      delayed = "${sheaf.access.record-use-every:10s}",
      concurrentExecution = ConcurrentExecution.SKIP,
      skipExecutionIf = ReadOnlyWatch.class)
  void write() {
    Map<String, Long> taken = Map.copyOf(uses);
    if (taken.isEmpty()) {
      return;
    }
    long now = System.nanoTime();
    var ages = new HashMap<String, Duration>();
    taken.forEach((id, at) -> ages.put(id, Duration.ofNanos(now - at)));
    try {
      keys.recordUses(ages);
      taken.forEach(uses::remove);
    } catch (SQLException e) {
      // The next run writes them.
      LOG.warnf("Uses of API keys not recorded: keys=%s reason=%s", taken.size(), e.getMessage());
    }
  }
}
