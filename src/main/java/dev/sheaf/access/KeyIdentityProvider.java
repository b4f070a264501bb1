package dev.sheaf.access;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.sheaf.access.ApiKeys.Stored;
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

/// Knows whose key it is. What was looked up is good for `sheaf.access.recheck-every`, also that
/// there is no such key, so that most requests ask no database.
@ApplicationScoped
class KeyIdentityProvider implements IdentityProvider<KeyRequest> {

  private static final Logger LOG = Logger.getLogger(KeyIdentityProvider.class);

  private static final int MAX_KNOWN = 10_000;

  private final ApiKeys keys;
  private final ModuleSwitches modules;
  private final Cache<String, @Nullable Stored> known;

  /// Ids that are nobody's. Guesses can push out each other, and no key.
  private final Cache<String, Boolean> unknown;

  @Inject
  KeyIdentityProvider(ApiKeys keys, ModuleSwitches modules, AccessConfig config) {
    this(keys, modules, config, MAX_KNOWN);
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
    Key key = request.key();
    Stored stored = known.getIfPresent(key.id());
    return stored != null || unknown.getIfPresent(key.id()) != null
        ? Uni.createFrom().item(() -> identity(key, stored))
        : context.runBlocking(() -> identity(key, lookUp(key)));
  }

  /// The next request with this key looks it up.
  void forget(String id) {
    known.invalidate(id);
    unknown.invalidate(id);
  }

  /// Of many requests with one key at once, one asks the database.
  private @Nullable Stored lookUp(Key key) {
    var found = new AtomicReference<@Nullable Stored>();
    Stored stored =
        known.get(
            key.id(),
            id -> {
              found.set(find(id));
              return found.get();
            });
    if (stored == null) {
      unknown.put(key.id(), true);
    }
    Stored fresh = found.get();
    if (fresh != null && !fresh.usedLately() && key.matches(fresh.hash())) {
      recordUse(key);
    }
    return stored;
  }

  private @Nullable Stored find(String id) {
    try {
      return modules.isOn(ApiKeys.MODULE) ? keys.find(id).orElse(null) : null;
    } catch (SQLException e) {
      throw new IllegalStateException("a key could not be looked up", e);
    }
  }

  /// Whoever may search may do so also while the database takes no writes.
  private void recordUse(Key key) {
    try {
      keys.used(key.id());
    } catch (SQLException e) {
      LOG.warnf("Use of a key not recorded: key=%s reason=%s", key.id(), e.getMessage());
    }
  }

  private static SecurityIdentity identity(Key key, @Nullable Stored stored) {
    // A wrong secret is answered as a wrong id is: only the holder learns what became of a key.
    if (stored == null || !key.matches(stored.hash())) {
      throw refused("this key is not known here");
    }
    ApiKey description = stored.description();
    return switch (description.state()) {
      case REVOKED -> throw refused("this key was revoked; ask an admin for another");
      case EXPIRED -> throw refused("this key has expired; ask an admin for another");
      case ACTIVE -> {
        List<String> collections = description.collections();
        yield description
            .role()
            .identity(
                "key:" + description.id(), collections == null ? null : Set.copyOf(collections));
      }
    };
  }

  static AuthenticationFailedException refused(String why) {
    return new AuthenticationFailedException(new Problem(ProblemType.UNAUTHENTICATED, why));
  }
}
