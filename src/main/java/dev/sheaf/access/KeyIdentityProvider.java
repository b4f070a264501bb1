package dev.sheaf.access;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
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
import jakarta.inject.Inject;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/// Authenticates API keys. It caches keys for `sheaf.access.recheck-every`, also the fact that a
/// key does not exist, so that most requests need no query.
@ApplicationScoped
class KeyIdentityProvider implements IdentityProvider<KeyRequest> {

  private static final Logger LOG = Logger.getLogger(KeyIdentityProvider.class);

  private static final int MAX_CACHED = 10_000;

  private final ApiKeys keys;
  private final ModuleSwitches modules;
  private final Cache<String, @Nullable StoredKey> known;

  /// IDs that belong to no key. Guesses evict each other, and no key.
  private final Cache<String, Boolean> unknown;

  @Inject
  KeyIdentityProvider(ApiKeys keys, ModuleSwitches modules, AccessConfig config) {
    this(keys, modules, config, MAX_CACHED);
  }

  /// @param max keys that are known at once, and as many ids that are nobody's
  KeyIdentityProvider(ApiKeys keys, ModuleSwitches modules, AccessConfig config, int max) {
    this.keys = keys;
    this.modules = modules;
    this.known = cache(config.recheckEvery(), max);
    this.unknown = cache(config.recheckEvery(), max);
  }

  private static <V extends @Nullable Object> Cache<String, V> cache(Duration time, int max) {
    return Caffeine.newBuilder().maximumSize(max).expireAfterWrite(time).build();
  }

  @Override
  public Class<KeyRequest> getRequestType() {
    return KeyRequest.class;
  }

  @Override
  public Uni<SecurityIdentity> authenticate(
      KeyRequest request, AuthenticationRequestContext context) {
    KeyToken key = request.key();
    StoredKey stored = known.getIfPresent(key.id());
    return stored != null || unknown.getIfPresent(key.id()) != null
        ? Uni.createFrom().item(() -> identity(key, stored))
        : context.runBlocking(() -> identity(key, lookUp(key)));
  }

  /// Removes a key from the cache.
  void forget(String id) {
    known.invalidate(id);
    unknown.invalidate(id);
  }

  /// Asks the database once for many concurrent requests with one key.
  private @Nullable StoredKey lookUp(KeyToken key) {
    var found = new AtomicReference<@Nullable StoredKey>();
    StoredKey stored =
        known.get(
            key.id(),
            id -> {
              found.set(find(id));
              return found.get();
            });
    if (stored == null) {
      unknown.put(key.id(), true);
    }
    StoredKey fresh = found.get();
    if (fresh != null && !fresh.usedRecently() && key.matches(fresh.hash())) {
      recordUse(key);
    }
    return stored;
  }

  private @Nullable StoredKey find(String id) {
    try {
      return modules.isOn(ApiKeys.MODULE) ? keys.find(id).orElse(null) : null;
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

  private static SecurityIdentity identity(KeyToken key, @Nullable StoredKey stored) {
    // A wrong secret gets the same answer as an unknown ID, so that only the owner of a key can
    // learn its state.
    if (stored == null || !key.matches(stored.hash())) {
      throw rejected("The API key is not valid.");
    }
    ApiKey description = stored.description();
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
