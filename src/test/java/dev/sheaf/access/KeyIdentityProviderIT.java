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
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// How often a key costs a round trip.
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
    provider = new KeyIdentityProvider(keys, modules, config.getConfigMapping(AccessConfig.class));
  }

  @Test
  void aSearchPaysNone() throws SQLException {
    Key key =
        Key.parse(keys.create(CreateKey.of(Role.READER, null, null, null)).key()).orElseThrow();
    connections.set(0);

    for (int i = 0; i < 1_000; i++) {
      assertThat(identity(key).getPrincipal().getName()).isEqualTo("key:" + key.id());
    }

    // It is looked up once, and its use recorded.
    assertThat(connections).hasValue(2);
  }

  @Test
  void aGuessPaysOne() {
    Key guess = Key.random();

    for (int i = 0; i < 100; i++) {
      assertThatThrownBy(() -> identity(guess)).isInstanceOf(AuthenticationFailedException.class);
    }

    assertThat(connections).hasValue(1);
  }

  @Test
  void whatIsForgottenIsLookedUpAgain() throws SQLException {
    Key key =
        Key.parse(keys.create(CreateKey.of(Role.READER, null, null, null)).key()).orElseThrow();
    identity(key);
    keys.revoke(key.id());
    assertThat(identity(key).isAnonymous()).isFalse();

    provider.forget(key.id());

    assertThatThrownBy(() -> identity(key))
        .isInstanceOf(AuthenticationFailedException.class)
        .hasRootCauseMessage("this key was revoked; ask an admin for another");
  }

  private SecurityIdentity identity(Key key) {
    return provider
        .authenticate(new KeyRequest(key), blocking -> Uni.createFrom().item(blocking))
        .await()
        .indefinitely();
  }
}
