package dev.sheaf.collection;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.Set;

/// The collections that this replica has changed lately: their settings, or the number of their
/// documents. Background work checks them first. It does not rely on this: whatever is forgotten
/// here, for example because the replica was killed, it finds later.
@Singleton
public class CollectionChanges {

  private static final int MAX = 1_000;

  /// Long enough for several checks.
  private static final Duration REMEMBERED = Duration.ofMinutes(1);

  private final Cache<Long, Boolean> recent =
      Caffeine.newBuilder().maximumSize(MAX).expireAfterWrite(REMEMBERED).build();

  /// Call this after the change is committed.
  public void add(long collectionId) {
    recent.put(collectionId, true);
  }

  /// The ids of the collections.
  public Set<Long> recent() {
    return Set.copyOf(recent.asMap().keySet());
  }
}
