package dev.sheaf.limits;

import io.netty.util.AttributeKey;

/// Keys of what is remembered of a connection.
final class ConnectionKeys {

  private ConnectionKeys() {}

  /// A key of one class. After a live reload, an open connection still has the values of the class
  /// that was replaced, so the new class needs a key of its own.
  static <T> AttributeKey<T> of(Class<?> owner, String name) {
    return AttributeKey.valueOf(
        owner.getName() + "." + name + "@" + Integer.toHexString(System.identityHashCode(owner)));
  }
}
