package dev.sheaf.search;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.sheaf.embedding.Space;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/// A sample of what clients have searched for lately, as vectors in the memory of this replica, so
/// that recall can be measured for it too. Off unless switched on; texts are never kept.
@ApplicationScoped
public class LiveQueries {

  private static final int MAX_SPACES = 100;

  private final boolean enabled;
  private final int sample;
  private final Cache<Long, Reservoir> reservoirs =
      Caffeine.newBuilder().maximumSize(MAX_SPACES).build();

  LiveQueries(
      @ConfigProperty(name = "sheaf.index.sample-queries") boolean enabled,
      @ConfigProperty(name = "sheaf.index.sample") int sample) {
    this.enabled = enabled;
    this.sample = sample;
  }

  /// Lets a query take part in the draw.
  ///
  /// @param vector not to be changed afterwards
  void saw(Space space, float[] vector) {
    if (enabled) {
      reservoirs.get(space.id(), _ -> new Reservoir(sample)).add(vector);
    }
  }

  /// The queries that were drawn since this was last asked.
  public List<float[]> take(Space space) {
    Reservoir drawn = reservoirs.asMap().remove(space.id());
    return drawn == null ? List.of() : drawn.vectors();
  }

  /// Of any number of vectors, as many as fit, each with the same chance: Algorithm R of J. S.
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
      long place = ThreadLocalRandom.current().nextLong(seen);
      if (place < capacity) {
        vectors.set((int) place, vector);
      }
    }

    synchronized List<float[]> vectors() {
      return List.copyOf(vectors);
    }
  }
}
