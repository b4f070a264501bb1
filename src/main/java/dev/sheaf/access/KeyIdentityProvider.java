package dev.sheaf.access;

import dev.sheaf.access.ApiKeys.StoredKey;
import dev.sheaf.problem.Problem;
import dev.sheaf.problem.ProblemType;
import dev.sheaf.runtime.ModuleSwitches;
import io.quarkus.security.AuthenticationFailedException;
import io.quarkus.security.identity.AuthenticationRequestContext;
import io.quarkus.security.identity.IdentityProvider;
import io.quarkus.security.identity.SecurityIdentity;
import io.smallrye.mutiny.Uni;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.jboss.logging.Logger;

/// Authenticates API keys. It caches keys for `sheaf.access.recheck-every`, also the fact that a
/// key does not exist, so that most requests need no query.
@ApplicationScoped
class KeyIdentityProvider implements IdentityProvider<KeyRequest> {

  private static final Logger LOG = Logger.getLogger(KeyIdentityProvider.class);

  /// More IDs than this are guesses and not keys; the cache is cleared then.
  private static final int MAX_CACHED = 10_000;

  private final ApiKeys keys;
  private final ModuleSwitches modules;
  private final Duration recheckEvery;
  private final ConcurrentMap<String, CachedKey> cache = new ConcurrentHashMap<>();

  /// @param stored empty if the key does not exist
  /// @param until when the entry expires, by [System#nanoTime]
  private record CachedKey(Optional<StoredKey> stored, long until) {}

  KeyIdentityProvider(ApiKeys keys, ModuleSwitches modules, AccessConfig config) {
    this.keys = keys;
    this.modules = modules;
    this.recheckEvery = config.recheckEvery();
  }

  @Override
  public Class<KeyRequest> getRequestType() {
    return KeyRequest.class;
  }

  @Override
  public Uni<SecurityIdentity> authenticate(
      KeyRequest request, AuthenticationRequestContext context) {
    KeyToken key = request.key();
    CachedKey cached = cache.get(key.id());
    return cached != null && cached.until() - System.nanoTime() > 0
        ? Uni.createFrom().item(() -> identity(key, cached.stored()))
        : context.runBlocking(() -> identity(key, lookUp(key)));
  }

  /// Removes a key from the cache.
  void forget(String id) {
    cache.remove(id);
  }

  private Optional<StoredKey> lookUp(KeyToken key) {
    try {
      Optional<StoredKey> stored =
          modules.isOn(ApiKeys.MODULE) ? keys.find(key.id()) : Optional.empty();
      if (cache.size() >= MAX_CACHED) {
        cache.clear();
      }
      cache.put(key.id(), new CachedKey(stored, System.nanoTime() + recheckEvery.toNanos()));
      if (stored.isPresent() && !stored.get().usedRecently() && key.matches(stored.get().hash())) {
        recordUse(key);
      }
      return stored;
    } catch (SQLException e) {
      throw new IllegalStateException("A key could not be looked up", e);
    }
  }

  /// A failure is only logged, because searches must work while the database is read-only.
  private void recordUse(KeyToken key) {
    try {
      keys.recordUse(key.id());
    } catch (SQLException e) {
      LOG.warnf("Use of an API key not recorded: key=%s reason=%s", key.id(), e.getMessage());
    }
  }

  private static SecurityIdentity identity(KeyToken key, Optional<StoredKey> stored) {
    // A wrong secret gets the same answer as an unknown ID, so that only the owner of a key can
    // learn its state.
    if (stored.isEmpty() || !key.matches(stored.get().hash())) {
      throw rejected("The API key is not valid.");
    }
    ApiKey description = stored.get().description();
    return switch (description.state()) {
      case REVOKED ->
          throw rejected("The API key was revoked. Ask an administrator for a new one.");
      case EXPIRED ->
          throw rejected("The API key has expired. Ask an administrator for a new one.");
      case ACTIVE -> {
        List<String> collections = description.collections();
        yield description
            .role()
            .identity(
                "key:" + description.id(), collections == null ? null : Set.copyOf(collections));
      }
    };
  }

  static AuthenticationFailedException rejected(String detail) {
    return new AuthenticationFailedException(new Problem(ProblemType.UNAUTHENTICATED, detail));
  }
}
