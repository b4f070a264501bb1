package dev.sheaf.search;

import dev.sheaf.embedding.IndexConfig;
import dev.sheaf.embedding.Space;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/// A sample of what clients have searched for lately, as vectors in the memory of this replica, so
/// that recall can be measured for it too. Off unless switched on; texts are never kept.
@ApplicationScoped
class LiveQueries {

  private static final int MAX_SPACES = 100;

  private final IndexConfig config;
  private final Lru<Long, Reservoir> reservoirs = new Lru<>(MAX_SPACES);

  LiveQueries(IndexConfig config) {
    this.config = config;
  }

  /// Lets a query take part in the draw.
  ///
  /// @param vector not to be changed afterwards
  void saw(Space space, float[] vector) {
    if (config.sampleQueries()) {
      reservoirs.computeIfAbsent(space.id(), () -> new Reservoir(config.sample())).add(vector);
    }
  }

  /// The queries that were drawn since this was last asked.
  List<float[]> take(Space space) {
    Reservoir drawn = reservoirs.remove(space.id());
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
