package dev.sheaf.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sheaf.audit.AuditTrail;
import dev.sheaf.http.Caller;
import dev.sheaf.runtime.ModuleSwitches;
import dev.sheaf.runtime.ModulesConfig;
import dev.sheaf.testing.DatabaseExtension;
import dev.sheaf.testing.TestDatabase;
import io.quarkus.security.AuthenticationFailedException;
import io.quarkus.security.identity.SecurityIdentity;
import io.smallrye.config.SmallRyeConfig;
import io.smallrye.config.SmallRyeConfigBuilder;
import io.smallrye.mutiny.Uni;
import java.sql.SQLException;
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
  private KeyIdentityProvider provider;

  @BeforeEach
  void create(TestDatabase database) {
    SmallRyeConfig config =
        new SmallRyeConfigBuilder()
            .addDiscoveredConverters()
            .withMapping(ModulesConfig.class)
            .withMapping(AccessConfig.class)
            .withDefaultValue("sheaf.modules.audit.enabled", "false")
            .withDefaultValue("sheaf.access.recheck-every", "1h")
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
    provider =
        new KeyIdentityProvider(keys, modules, config.getConfigMapping(AccessConfig.class), 10);
  }

  @Test
  void aSearchPaysNone() throws SQLException {
    KeyToken key =
        KeyToken.parse(keys.create(CreateKey.of(Role.READER, null, null, null)).key())
            .orElseThrow();
    connections.set(0);

    for (int i = 0; i < 1_000; i++) {
      assertThat(identity(key).getPrincipal().getName()).isEqualTo("key:" + key.id());
    }

    // The key is looked up once, and its use is recorded once.
    assertThat(connections).hasValue(2);
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
    KeyToken key =
        KeyToken.parse(keys.create(CreateKey.of(Role.READER, null, null, null)).key())
            .orElseThrow();
    identity(key);

    for (int i = 0; i < 200; i++) {
      KeyToken guess = KeyToken.random();
      assertThatThrownBy(() -> identity(guess)).isInstanceOf(AuthenticationFailedException.class);
    }

    connections.set(0);
    identity(key);
    assertThat(connections).hasValue(0);
  }

  @Test
  void ofManyRequestsAtOnceOneLooksTheKeyUp() throws Exception {
    KeyToken key =
        KeyToken.parse(keys.create(CreateKey.of(Role.READER, null, null, null)).key())
            .orElseThrow();
    connections.set(0);
    try (var clients = Executors.newFixedThreadPool(8)) {
      List<Callable<SecurityIdentity>> requests = Collections.nCopies(8, () -> identity(key));
      for (Future<SecurityIdentity> request : clients.invokeAll(requests)) {
        assertThat(request.get().isAnonymous()).isFalse();
      }
    }

    // It is looked up once, and its use recorded.
    assertThat(connections).hasValue(2);
  }

  @Test
  void whatIsForgottenIsLookedUpAgain() throws SQLException {
    KeyToken key =
        KeyToken.parse(keys.create(CreateKey.of(Role.READER, null, null, null)).key())
            .orElseThrow();
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
