package dev.sheaf.access;

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
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.jboss.logging.Logger;

/// Knows whose key it is. What was looked up is good for `sheaf.access.recheck-every`, also that
/// there is no such key, so that most requests ask no database.
@ApplicationScoped
class KeyIdentityProvider implements IdentityProvider<KeyRequest> {

  private static final Logger LOG = Logger.getLogger(KeyIdentityProvider.class);

  /// More ids than this are nobody's keys but guesses; all are forgotten then.
  private static final int MAX_KNOWN = 10_000;

  private final ApiKeys keys;
  private final ModuleSwitches modules;
  private final Duration recheckEvery;
  private final ConcurrentMap<String, Known> known = new ConcurrentHashMap<>();

  /// @param until by [System#nanoTime]
  private record Known(Optional<Stored> stored, long until) {}

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
    Key key = request.key();
    Known cached = known.get(key.id());
    return cached != null && cached.until() - System.nanoTime() > 0
        ? Uni.createFrom().item(() -> identity(key, cached.stored()))
        : context.runBlocking(() -> identity(key, lookUp(key)));
  }

  /// The next request with this key looks it up.
  void forget(String id) {
    known.remove(id);
  }

  private Optional<Stored> lookUp(Key key) {
    try {
      Optional<Stored> stored =
          modules.isOn(ApiKeys.MODULE) ? keys.find(key.id()) : Optional.empty();
      if (known.size() >= MAX_KNOWN) {
        known.clear();
      }
      known.put(key.id(), new Known(stored, System.nanoTime() + recheckEvery.toNanos()));
      if (stored.isPresent() && !stored.get().usedLately() && key.matches(stored.get().hash())) {
        recordUse(key);
      }
      return stored;
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

  private static SecurityIdentity identity(Key key, Optional<Stored> stored) {
    // A wrong secret is answered as a wrong id is: only the holder learns what became of a key.
    if (stored.isEmpty() || !key.matches(stored.get().hash())) {
      throw refused("this key is not known here");
    }
    ApiKey description = stored.get().description();
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
