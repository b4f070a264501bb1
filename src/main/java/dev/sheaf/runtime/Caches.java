package dev.sheaf.runtime;

import com.github.benmanes.caffeine.cache.Caffeine;

/// Caches that the threads that use them maintain. By default, Caffeine hands the maintenance to
/// the common pool after every few reads, and waking a thread of that pool takes longer than the
/// maintenance itself.
public final class Caches {

  private Caches() {}

  /// A builder of caches.
  ///
  /// @param entries the largest number of entries
  public static Caffeine<Object, Object> ofAtMost(long entries) {
    return Caffeine.newBuilder().executor(Runnable::run).maximumSize(entries);
  }
}
