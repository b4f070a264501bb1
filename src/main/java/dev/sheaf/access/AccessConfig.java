package dev.sheaf.access;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;

/// Access control.
@ConfigMapping(prefix = "sheaf.access")
public interface AccessConfig {

  /// Absent: `open` in development and in tests, `required` in production.
  Optional<AccessMode> mode();

  /// How long a replica caches a key. Within this time, every replica rejects a revoked key. Each
  /// key in use costs one query per replica in this time, regardless of the number of requests.
  @WithDefault("5s")
  Duration recheckEvery();

  /// How often a replica writes the times of the last use of keys, which it collects in memory.
  @WithDefault("10s")
  Duration recordUseEvery();

  /// The names, other than those of this machine, under which clients reach a service in mode
  /// `open`. It rejects requests for other names, because any web page could send them.
  Optional<Set<String>> openHosts();

  /// Bearer tokens of an identity provider. `quarkus.oidc.*` configures the provider itself.
  Oidc oidc();

  /// Whether callers must authenticate.
  enum AccessMode {
    REQUIRED,
    /// An unauthenticated caller has full access.
    OPEN
  }

  /// How the claims of a token are mapped to a role and to collections.
  interface Oidc {

    /// The provider's names of each role, in the claim that `quarkus.oidc.roles` configures.
    RoleNames roles();

    /// The claim that lists the collections that a token may use. `*` means all; a token without
    /// the claim may use none. If this is not configured, every token may use all collections.
    Optional<String> collectionsClaim();

    /// A token has a role if its claim contains any of the role's names.
    interface RoleNames {
      @WithDefault("reader")
      Set<String> reader();

      @WithDefault("writer")
      Set<String> writer();

      @WithDefault("admin")
      Set<String> admin();

      /// Admins of all collections who also manage keys and backfills, and read the schema and the
      /// audit trail. If this is not configured, no token may do that.
      Optional<Set<String>> operator();
    }
  }
}
