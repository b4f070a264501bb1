package dev.sheaf.search;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// A bounded, thread-safe map that evicts the least recently used entry.
final class Lru<K, V> {

  private final Map<K, V> entries;

  Lru(int capacity) {
    this.entries =
        new LinkedHashMap<>(16, 0.75f, true) {
          private static final long serialVersionUID = 1L;

          @Override
          protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
            return size() > capacity;
          }
        };
  }

  synchronized @Nullable V get(K key) {
    return entries.get(key);
  }

  synchronized void put(K key, V value) {
    entries.put(key, value);
  }

  synchronized V computeIfAbsent(K key, Supplier<V> absent) {
    return entries.computeIfAbsent(key, _ -> absent.get());
  }

  synchronized @Nullable V remove(K key) {
    return entries.remove(key);
  }
}
