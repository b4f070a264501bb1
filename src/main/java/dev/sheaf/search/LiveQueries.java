package dev.sheaf.search;

import com.github.benmanes.caffeine.cache.Cache;
import dev.sheaf.embedding.Space;
import dev.sheaf.runtime.Caches;
import jakarta.inject.Singleton;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/// A sample of recent client queries, for measuring recall. Only vectors are kept, never texts, and
/// only in the memory of this replica. Off by default.
@Singleton
public class LiveQueries {

  private static final int MAX_SPACES = 100;

  /// Of each space. With vectors of 1,024 dimensions, all need 40 MB.
  private static final int MAX_VECTORS = 100;

  private final boolean enabled;
  private final int sample;
  private final Cache<Long, Reservoir> reservoirs = Caches.ofAtMost(MAX_SPACES).build();

  LiveQueries(
      @ConfigProperty(name = "sheaf.index.sample-queries") boolean enabled,
      @ConfigProperty(name = "sheaf.index.sample") int sample) {
    this.enabled = enabled;
    this.sample = Math.min(sample, MAX_VECTORS);
  }

  /// Adds a query to the sample, or not, at random.
  ///
  /// @param vector must not be changed afterwards
  void offer(Space space, float[] vector) {
    if (enabled) {
      reservoirs.get(space.id(), _ -> new Reservoir(sample)).add(vector);
    }
  }

  /// Returns the sampled queries.
  public List<float[]> sample(Space space) {
    Reservoir drawn = reservoirs.getIfPresent(space.id());
    return drawn == null ? List.of() : drawn.vectors();
  }

  /// Returns and removes the sampled queries.
  public List<float[]> consume(Space space) {
    Reservoir drawn = reservoirs.asMap().remove(space.id());
    return drawn == null ? List.of() : drawn.vectors();
  }

  /// A uniform random sample of fixed size from a stream of unknown length: Algorithm R of J. S.
  /// Vitter, Random Sampling with a Reservoir, 1985.
  static final class Reservoir {

    private final int capacity;
    private final List<float[]> vectors = new ArrayList<>();
    private long seen;

    Reservoir(int capacity) {
      this.capacity = capacity;
    }

    synchronized void add(float[] vector) {
      seen++;
      if (vectors.size() < capacity) {
        vectors.add(vector);
        return;
      }
      long position = ThreadLocalRandom.current().nextLong(seen);
      if (position < capacity) {
        vectors.set((int) position, vector);
      }
    }

    synchronized List<float[]> vectors() {
      return List.copyOf(vectors);
    }
  }
}
