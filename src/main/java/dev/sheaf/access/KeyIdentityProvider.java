package dev.sheaf.access;

import com.github.benmanes.caffeine.cache.AsyncCache;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.sheaf.access.ApiKeys.StoredKey;
import dev.sheaf.http.Caller;
import dev.sheaf.http.CallerCheck;
import dev.sheaf.limits.ConcurrencyLimiter;
import dev.sheaf.limits.WorkKind;
import dev.sheaf.problem.Problem;
import dev.sheaf.problem.ProblemType;
import dev.sheaf.runtime.Caches;
import dev.sheaf.runtime.ModuleSwitches;
import io.quarkus.security.AuthenticationFailedException;
import io.quarkus.security.identity.AuthenticationRequestContext;
import io.quarkus.security.identity.IdentityProvider;
import io.quarkus.security.identity.SecurityIdentity;
import io.smallrye.mutiny.Uni;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/// Authenticates API keys. It caches keys for `sheaf.access.recheck-every`, also the fact that a
/// key does not exist, so that most requests need no query.
///
/// A key that was used in this replica before is looked up again at once. All other IDs may be
/// guesses: their queries need a permit for [WorkKind#AUTHENTICATION], so that many wrong keys use
/// few connections and delay no known key. Concurrent requests with one key share one query, and no
/// thread of the service waits for it.
@Singleton
class KeyIdentityProvider implements IdentityProvider<KeyRequest>, CallerCheck {

  private static final Logger LOG = Logger.getLogger(KeyIdentityProvider.class);

  /// Begins the name of a caller with a key.
  private static final String CALLER = "key:";

  private static final int MAX_CACHED = 10_000;

  /// How long a replica remembers that a key was used.
  private static final Duration REMEMBERED = Duration.ofDays(1);

  private final ApiKeys keys;
  private final KeyUses uses;
  private final ModuleSwitches modules;
  private final ConcurrencyLimiter limiter;
  private final Cache<String, StoredKey> known;

  /// IDs that belong to no key. Guesses evict each other, and no key.
  private final Cache<String, Boolean> unknown;

  /// The hashes of keys that were used, by ID.
  private final Cache<String, byte[]> used;

  /// The number of keys that were removed from the cache.
  private final AtomicLong forgotten = new AtomicLong();

  /// The queries that are running.
  private final AsyncCache<Lookup, Answer> lookups =
      Caffeine.newBuilder()
          .expireAfterWrite(Duration.ZERO)
          .executor(task -> Thread.ofVirtual().name("key-lookup").start(task))
          .buildAsync();

  /// @param used whether the key was used in this replica before, so that it is no guess
  private record Lookup(String id, boolean used) {}

  /// The key, or why it could not be looked up. A lookup that throws would be logged by the cache.
  ///
  /// @param stored `null` if there is no such key
  private record Answer(@Nullable StoredKey stored, @Nullable RuntimeException failure) {

    @Nullable StoredKey orThrow() {
      if (failure != null) {
        throw failure;
      }
      return stored;
    }
  }

  @Inject
  KeyIdentityProvider(
      ApiKeys keys,
      KeyUses uses,
      ModuleSwitches modules,
      AccessConfig config,
      ConcurrencyLimiter limiter) {
    this(keys, uses, modules, config, limiter, MAX_CACHED);
  }

  /// @param max the number of keys to cache, and of unknown IDs
  KeyIdentityProvider(
      ApiKeys keys,
      KeyUses uses,
      ModuleSwitches modules,
      AccessConfig config,
      ConcurrencyLimiter limiter,
      int max) {
    this.keys = keys;
    this.uses = uses;
    this.modules = modules;
    this.limiter = limiter;
    this.known = Caches.ofAtMost(max).expireAfterWrite(config.recheckEvery()).build();
    this.unknown = Caches.ofAtMost(max).expireAfterWrite(config.recheckEvery()).build();
    this.used = Caches.ofAtMost(max).expireAfterAccess(REMEMBERED).build();
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
    if (stored != null || unknown.getIfPresent(key.id()) != null) {
      return Uni.createFrom().item(() -> identity(key, stored));
    }
    byte[] hash = used.getIfPresent(key.id());
    var lookup = new Lookup(key.id(), hash != null && key.matches(hash));
    return onThisContext(
            Uni.createFrom().completionStage(() -> lookups.get(lookup, this::run).copy()))
        .map(answer -> identity(key, answer.orThrow()));
  }

  /// Continues a request where it began, and not on the thread of the query.
  private static <T> Uni<T> onThisContext(Uni<T> result) {
    Context current = Vertx.currentContext();
    return current == null ? result : result.emitOn(next -> current.runOnContext(_ -> next.run()));
  }

  /// Removes a key from the cache. A query that is running does not bring it back.
  void forget(String id) {
    forgotten.incrementAndGet();
    known.invalidate(id);
    unknown.invalidate(id);
  }

  /// Costs at most one query for each key within `sheaf.access.recheck-every`.
  @Override
  public boolean isValid(Caller caller) {
    if (!caller.name().startsWith(CALLER)) {
      return true;
    }
    String id = caller.name().substring(CALLER.length());
    StoredKey stored = known.getIfPresent(id);
    try {
      StoredKey current = stored == null ? find(id) : stored;
      return current != null && current.description().state() == ApiKey.State.ACTIVE;
    } catch (SQLException e) {
      LOG.debugf(e, "Key not looked up: key=%s", id);
      return true;
    }
  }

  private Answer run(Lookup lookup) {
    try {
      return new Answer(lookup.used() ? find(lookup.id()) : findGuess(lookup.id()), null);
    } catch (InterruptedException | SQLException e) {
      return new Answer(null, new IllegalStateException("A key could not be looked up", e));
    } catch (RuntimeException e) {
      return new Answer(null, e);
    }
  }

  private @Nullable StoredKey findGuess(String id) throws InterruptedException, SQLException {
    try (ConcurrencyLimiter.Permit _ = limiter.acquire(WorkKind.AUTHENTICATION)) {
      return find(id);
    }
  }

  private @Nullable StoredKey find(String id) throws SQLException {
    long before = forgotten.get();
    StoredKey stored = modules.isOn(ApiKeys.MODULE) ? keys.find(id).orElse(null) : null;
    if (stored == null) {
      unknown.put(id, true);
      return null;
    }
    known.put(id, stored);
    if (forgotten.get() != before) {
      known.invalidate(id);
    }
    return stored;
  }

  private SecurityIdentity identity(KeyToken key, @Nullable StoredKey stored) {
    // A wrong secret gets the same answer as an unknown ID, so that only the owner of a key can
    // learn its state.
    if (stored == null || !key.matches(stored.hash())) {
      throw rejected("The API key is not valid.");
    }
    if (used.getIfPresent(key.id()) == null) {
      used.put(key.id(), stored.hash());
    }
    if (!stored.usedRecently()) {
      uses.add(key.id());
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
                CALLER + description.id(), collections == null ? null : Set.copyOf(collections));
      }
    };
  }

  static AuthenticationFailedException rejected(String detail) {
    return new AuthenticationFailedException(new Problem(ProblemType.UNAUTHENTICATED, detail));
  }
}
