package dev.sheaf.access;

import static dev.sheaf.testing.Patience.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sheaf.audit.AuditTrail;
import dev.sheaf.http.Caller;
import dev.sheaf.limits.ConcurrencyLimiter;
import dev.sheaf.limits.LimitsConfig;
import dev.sheaf.limits.WorkKind;
import dev.sheaf.runtime.ModuleSwitches;
import dev.sheaf.runtime.ModulesConfig;
import dev.sheaf.testing.DatabaseExtension;
import dev.sheaf.testing.LockWaits;
import dev.sheaf.testing.TestDatabase;
import io.quarkus.security.AuthenticationFailedException;
import io.quarkus.security.identity.SecurityIdentity;
import io.smallrye.config.SmallRyeConfig;
import io.smallrye.config.SmallRyeConfigBuilder;
import io.smallrye.mutiny.Uni;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// Tests how often a key costs a query.
@ExtendWith(DatabaseExtension.class)
class KeyIdentityProviderIT {

  private final AtomicInteger connections = new AtomicInteger();
  private ApiKeys keys;
  private KeyUses uses;
  private ConcurrencyLimiter limiter;
  private KeyIdentityProvider provider;

  @BeforeEach
  void create(TestDatabase database) {
    create(database, "1h");
  }

  private void create(TestDatabase database, String recheckEvery) {
    SmallRyeConfig config =
        new SmallRyeConfigBuilder()
            .addDiscoveredConverters()
            .withMapping(ModulesConfig.class)
            .withMapping(AccessConfig.class)
            .withMapping(LimitsConfig.class)
            .withDefaultValue("sheaf.limits.authentications", "2")
            .withDefaultValue("sheaf.limits.queue-for", "100ms")
            .withDefaultValue("sheaf.modules.audit.enabled", "false")
            .withDefaultValue("sheaf.access.recheck-every", recheckEvery)
            .build();
    var modules =
        new ModuleSwitches(config.getConfigMapping(ModulesConfig.class), Optional.empty());
    keys =
        new ApiKeys(
            () -> {
              connections.incrementAndGet();
              return database.connect();
            },
            new AuditTrail(modules, () -> Caller.of("test")));
    uses = new KeyUses(keys);
    limiter = new ConcurrencyLimiter(config.getConfigMapping(LimitsConfig.class), 40);
    provider =
        new KeyIdentityProvider(
            keys, uses, modules, config.getConfigMapping(AccessConfig.class), limiter, 10);
  }

  @Test
  void aSearchPaysNone() throws SQLException {
    KeyToken key = create();
    connections.set(0);

    for (int i = 0; i < 1_000; i++) {
      assertThat(identity(key).getPrincipal().getName()).isEqualTo("key:" + key.id());
    }

    assertThat(connections).hasValue(1);
  }

  @Test
  void aGuessPaysOne() {
    KeyToken guess = KeyToken.random();

    for (int i = 0; i < 100; i++) {
      assertThatThrownBy(() -> identity(guess)).isInstanceOf(AuthenticationFailedException.class);
    }

    assertThat(connections).hasValue(1);
  }

  @Test
  void guessesPushOutNoKey() throws SQLException {
    KeyToken key = create();
    identity(key);

    for (int i = 0; i < 40; i++) {
      KeyToken guess = KeyToken.random();
      assertThatThrownBy(() -> identity(guess)).isInstanceOf(AuthenticationFailedException.class);
    }

    connections.set(0);
    identity(key);
    assertThat(connections).hasValue(0);
  }

  @Test
  void ofManyRequestsAtOnceOneLooksTheKeyUp() throws Exception {
    KeyToken key = create();
    connections.set(0);
    try (var clients = Executors.newFixedThreadPool(8)) {
      List<Callable<SecurityIdentity>> requests = Collections.nCopies(8, () -> identity(key));
      for (Future<SecurityIdentity> request : clients.invokeAll(requests)) {
        assertThat(request.get().isAnonymous()).isFalse();
      }
    }

    assertThat(connections).hasValue(1);
  }

  @Test
  void usesAreWrittenTogether(TestDatabase database) throws SQLException {
    for (int i = 0; i < 3; i++) {
      identity(create());
    }
    identity(create());
    KeyToken unused = create();
    connections.set(0);

    uses.write();
    uses.write();

    assertThat(connections).hasValue(1);
    assertThat(
            database.query(
                "SELECT count(*) FILTER (WHERE last_used_at > now() - interval '1 min') || ' of ' || count(*) FROM api_key"))
        .containsExactly("4 of 5");
    assertThat(database.query("SELECT last_used_at FROM api_key WHERE id = '" + unused.id() + "'"))
        .containsExactly("null");
  }

  @Test
  void usesAreKeptUntilTheyCanBeWritten(TestDatabase database) throws SQLException {
    identity(create());
    database.execute("ALTER TABLE api_key RENAME TO gone");
    uses.write();
    database.execute("ALTER TABLE gone RENAME TO api_key");

    uses.write();

    assertThat(database.query("SELECT last_used_at IS NOT NULL FROM api_key")).containsExactly("t");
  }

  @Test
  void aStormOfGuessesTakesItsShareAndDelaysNoKnownKey(TestDatabase database) throws Exception {
    // Keys are not cached, so that each use is a query.
    create(database, "0s");
    KeyToken key = create();
    identity(key);
    try (ConcurrencyLimiter.Permit _ = limiter.acquire(WorkKind.AUTHENTICATION);
        ConcurrencyLimiter.Permit _ = limiter.acquire(WorkKind.AUTHENTICATION)) {
      assertThat(identity(key).getPrincipal().getName()).isEqualTo("key:" + key.id());
      assertThatThrownBy(() -> identity(KeyToken.random()))
          .hasMessageContaining("Too many authentications are already running.");
      // Whoever knows only the ID of the key is a stranger.
      assertThatThrownBy(() -> identity(new KeyToken(key.id(), KeyToken.random().secret())))
          .hasMessageContaining("Too many authentications are already running.");
    }

    // The lock is released before the clients are waited for.
    try (var clients = Executors.newVirtualThreadPerTaskExecutor();
        Connection holder = database.connect();
        Statement lock = holder.createStatement()) {
      holder.setAutoCommit(false);
      lock.execute("LOCK TABLE api_key IN ACCESS EXCLUSIVE MODE");
      List<Future<SecurityIdentity>> guesses = new ArrayList<>();
      for (int i = 0; i < 50; i++) {
        guesses.add(clients.submit(() -> identity(KeyToken.random())));
      }
      await().until(() -> guesses.stream().filter(Future::isDone).count() >= 48);
      assertThat(LockWaits.behind(holder)).isLessThanOrEqualTo(2);
      holder.rollback();
    }
  }

  private KeyToken create() throws SQLException {
    return KeyToken.parse(keys.create(CreateKey.of(Role.READER, null, null, null)).key())
        .orElseThrow();
  }

  @Test
  void whatIsForgottenIsLookedUpAgain() throws SQLException {
    KeyToken key = create();
    identity(key);
    keys.revoke(key.id());
    assertThat(identity(key).isAnonymous()).isFalse();

    provider.forget(key.id());

    assertThatThrownBy(() -> identity(key))
        .isInstanceOf(AuthenticationFailedException.class)
        .hasRootCauseMessage("The API key was revoked. Ask an administrator for a new one.");
  }

  private SecurityIdentity identity(KeyToken key) {
    return provider
        .authenticate(new KeyRequest(key), blocking -> Uni.createFrom().item(blocking))
        .await()
        .indefinitely();
  }
}
